"""Ranking of source languages, and its error on languages left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from x2static.languages.recommend.ranker import features_for, learn, try_rule
from x2static.languages.tables.distances import Distances, table_text

CODES = ("de", "en", "fi", "fr", "hi", "ja", "sw", "tr")


def world(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Distances, and scores that fall with them; nothing else matters."""
    rng = np.random.default_rng(seed)
    points = rng.random((8, 3))
    distances = np.linalg.norm(points[:, None] - points, axis=2)
    scores = 0.8 - 0.2 * distances - 0.1 * rng.random(8)  # some targets are hard
    return distances, scores


def test_the_model_finds_the_nearest_language() -> None:
    distances, scores = world()
    for target in range(8):
        ranker = learn([distances], scores, 0.1, left_out=target)
        features = features_for([distances], scores, target, target)
        values = ranker.predict(features)
        trial = try_rule(scores, target, values.__getitem__)
        assert trial is not None
        assert trial.regret < 0.03
    assert learn([distances], scores, 0.1).weights[0] < 0


def test_what_is_left_out_has_no_part() -> None:
    distances, scores = world()
    spoiled = np.array(scores)
    spoiled[:, 3] = np.random.default_rng(5).random(8)
    spoiled[3] = np.nan
    spoiled[3, 4:] = 0.9
    one, other = (learn([distances], some, 1.0, left_out=3) for some in (scores, spoiled))
    np.testing.assert_allclose(one.weights[0], other.weights[0], rtol=0.6)
    a, b = (features_for([distances], some, 3, 3)[:, 1] for some in (scores, spoiled))
    keep = np.arange(8) != 3
    np.testing.assert_allclose(a[keep] - a[keep].mean(), b[keep] - b[keep].mean(), atol=0.2)


def test_a_targets_own_scores_do_not_leak() -> None:
    distances, scores = world()
    spoiled = np.array(scores)
    spoiled[:, 3] += np.linspace(0, 5, 8)
    one, other = (learn([distances], some, 1.0, left_out=3) for some in (scores, spoiled))
    np.testing.assert_array_equal(one.weights, other.weights)
    np.testing.assert_array_equal(
        features_for([distances], scores, 3, 3), features_for([distances], spoiled, 3, 3)
    )


def test_regret_and_ndcg_by_hand() -> None:
    scores = np.full((4, 4), np.nan)
    scores[:3, 3] = [0.5, 0.7, 0.6]
    right = try_rule(scores, 3, lambda rows: scores[rows, 3])
    assert right is not None
    assert (right.regret, right.ndcg) == (0.0, 1.0)
    wrong = try_rule(scores, 3, lambda rows: -scores[rows, 3])
    assert wrong is not None
    assert wrong.regret == pytest.approx(0.2)
    gains, discount = np.array([1023, 511, 255]), 1 / np.log2([2, 3, 4])
    assert wrong.ndcg == pytest.approx((gains[::-1] @ discount) / (gains @ discount))


def test_recommend_prints_a_ranking_with_its_error(tmp_path: Path, run_cli: Any) -> None:
    distances, scores = world()
    (tmp_path / "d.tsv").write_text(table_text(Distances(CODES, {"near": distances})))
    lines = [
        f"{a}\t{b}\t{scores[i, j]}"
        for i, a in enumerate(CODES)
        for j, b in enumerate(CODES)
        if b != "sw"
    ]
    (tmp_path / "s.tsv").write_text("source\ttarget\tf1\n" + "\n".join(lines) + "\n")
    code, text, errors = run_cli(
        "languages",
        "recommend",
        "--target",
        "sw",
        "--scores",
        tmp_path / "s.tsv",
        "--distances",
        tmp_path / "d.tsv",
    )
    assert code == 0, errors
    nearest = CODES[int(np.argsort(distances[6])[1])]
    assert f"1. {nearest}" in text
    assert "nearest genetically" in text
    assert "English" in text


def test_recommend_needs_no_scores(run_cli: Any) -> None:
    code, text, errors = run_cli("languages", "recommend", "--target", "pt", "--top", 3)
    assert code == 0, errors
    assert "1. es" in text
    assert "nothing tells how often this ranking is right" in text
