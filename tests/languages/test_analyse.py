"""Tests of matrices: exhaustive Mantel, scipy's correlations, resampled languages, Holm."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from x2static.core.errors import DatasetError
from x2static.languages.statistics.correlation import (
    correlation,
    holm,
    naive_p,
    over_languages,
    ranks,
)
from x2static.languages.statistics.mantel import mantel, partial_mantel
from x2static.languages.tables.distances import Distances, table_text
from x2static.languages.tables.scores import read_scores


def symmetric(seed: int, size: int) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((size, 3))
    return np.linalg.norm(rows[:, None] - rows, axis=2)


@given(st.integers(0, 9999), st.sampled_from(["pearson", "spearman"]))
@settings(deadline=None, max_examples=15)
def test_mantel_goes_through_all_permutations_of_a_small_matrix(seed: int, kind: Any) -> None:
    size = 5
    a, b = symmetric(seed, size), symmetric(seed + 1, size) + symmetric(seed, size)
    upper = np.triu_indices(size, 1)
    of = scipy.stats.pearsonr if kind == "pearson" else scipy.stats.spearmanr
    own = abs(of(a[upper], b[upper])[0])
    every = [
        abs(of(a[np.ix_(order, order)][upper], b[upper])[0])
        for order in map(list, itertools.permutations(range(size)))
    ]
    wanted = np.mean(np.array(every) >= own - 1e-9)
    assert mantel(a, b[upper], upper, kind, 1000, 0) == pytest.approx(wanted)  # type: ignore[arg-type]


def test_sampled_mantel_is_near_the_exhaustive_one() -> None:
    a, b = symmetric(1, 6), symmetric(2, 6) + 0.5 * symmetric(1, 6)
    upper: Any = np.triu_indices(6, 1)
    exact = mantel(a, b[upper], upper, "pearson", 720, 0)
    sampled = mantel(a, b[upper], upper, "pearson", 600, 0)
    assert sampled == pytest.approx(exact, abs=0.06)
    assert sampled != exact


def test_mantel_of_directed_cells_with_gaps(rng: np.random.Generator) -> None:
    a = symmetric(3, 5)
    matrix = -a + 0.1 * rng.standard_normal((5, 5))
    matrix[3:] = np.nan  # nothing was trained in two of the languages
    cells: Any = np.nonzero(np.isfinite(matrix) & ~np.eye(5, dtype=bool))
    own = abs(np.corrcoef(a[cells], matrix[cells])[0, 1])
    every = [
        abs(np.corrcoef(a[np.ix_(order, order)][cells], matrix[cells])[0, 1])
        for order in map(list, itertools.permutations(range(5)))
    ]
    wanted = np.mean(np.array(every) >= own - 1e-9)
    assert mantel(a, matrix[cells], cells, "pearson", 120, 0) == pytest.approx(wanted)


def test_partial_correlation_is_that_of_residuals() -> None:
    a, b, c = symmetric(1, 7), symmetric(2, 7), symmetric(3, 7)
    b = b + a + c
    upper: Any = np.triu_indices(7, 1)
    value, p = partial_mantel(a, b[upper], c, upper, "pearson", 200, 0)
    design = np.stack([np.ones(21), c[upper]], axis=1)
    left, right = (
        y - design @ np.linalg.lstsq(design, y, rcond=None)[0] for y in (a[upper], b[upper])
    )
    assert value == pytest.approx(np.corrcoef(left, right)[0, 1])
    assert 0 < p <= 1


def test_what_the_control_explains_is_no_partial_correlation() -> None:
    c = symmetric(3, 8)
    a, b = c + 0.05 * symmetric(1, 8), c + 0.05 * symmetric(2, 8)
    upper: Any = np.triu_indices(8, 1)
    assert mantel(a, b[upper], upper, "pearson", 500, 0) < 0.01
    assert abs(partial_mantel(a, b[upper], c, upper, "pearson", 500, 0)[0]) < 0.6


@given(st.lists(st.floats(-5, 5).map(lambda v: round(v, 1)), min_size=4, max_size=12))
@settings(deadline=None, max_examples=40)
def test_ranks_are_scipys(values: list[float]) -> None:
    np.testing.assert_allclose(ranks(np.array(values)), scipy.stats.rankdata(values))


def test_unknown_pairs_are_left_out(rng: np.random.Generator) -> None:
    x, y = rng.standard_normal((2, 20))
    x[3] = y[5] = np.nan
    kept = np.isfinite(x) & np.isfinite(y)
    assert correlation(x, y)[0] == pytest.approx(np.corrcoef(x[kept], y[kept])[0, 1])
    assert np.isnan(correlation(np.ones(5), np.arange(5.0))[0])


def test_weights_are_repetitions(rng: np.random.Generator) -> None:
    x, y = rng.standard_normal((2, 6))
    counts = np.array([0, 1, 2, 3, 1, 4])
    wanted = np.corrcoef(np.repeat(x, counts), np.repeat(y, counts))[0, 1]
    assert correlation(x, y, counts[None].astype(float))[0] == pytest.approx(wanted)


def test_intervals_over_languages_are_wider_than_over_pairs() -> None:
    rng = np.random.default_rng(0)
    # each language shifts all of its pairs: pairs are far from independent
    shift = rng.standard_normal(12)
    a = shift[:, None] + shift + 0.1 * symmetric(1, 12)
    upper: Any = np.triu_indices(12, 1)
    y = a[upper] + rng.standard_normal(66)
    low, high = over_languages(a[upper], y, upper, 12, "pearson", 2000, 0) or (0, 0)
    value = np.corrcoef(a[upper], y)[0, 1]
    assert low < value < high
    fisher = 2 * 1.96 / math.sqrt(63) * (1 - value**2)
    assert high - low > fisher


def test_naive_p_is_about_scipys() -> None:
    x = np.random.default_rng(1).standard_normal(105)
    y = -0.3 * x + np.random.default_rng(2).standard_normal(105)
    value, p = scipy.stats.pearsonr(x, y)
    assert naive_p(value, 105, "pearson") == pytest.approx(p, rel=0.2)


def test_holm_by_hand() -> None:
    found = holm([0.01, 0.04, 0.03, math.nan])
    assert found == pytest.approx([0.03, 0.06, 0.06, math.nan], nan_ok=True)


def test_scores_of_several_files_make_a_matrix(tmp_path: Path) -> None:
    for source in ("en", "de"):
        rows = [
            {"model": "m", "set": "xnli", "language": target, "accuracy": {"mean": value}}
            for target, value in (("en", 0.7), ("de", 0.6), ("fr", 0.5))
        ]
        data = {"rows": rows, "run": {"settings": {"train_language": source}}}
        (tmp_path / f"{source}.json").write_text(json.dumps(data))
    (found,) = read_scores(sorted(tmp_path.glob("*.json")))
    assert found.name == "xnli.accuracy"
    assert found.sources() == ["de", "en"]
    assert found.matrix[found.languages.index("en"), found.languages.index("fr")] == 0.5


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("x.tsv", "a\tb\tc\n", ":1: expected the columns source"),
        ("x.tsv", "source\ttarget\tf1\nde\ten\n", ":2: 2 columns"),
        ("x.tsv", "source\ttarget\tf1\nde\ten\tx\n", ":2: 'x' is no score"),
        ("x.tsv", "source\ttarget\tf1\n", "no score of a source"),
        ("x.json", "{", "not readable as results"),
        ("x.json", '{"rows": [{"language": "de", "f1": 0.5}]}', "does not say from which language"),
    ],
)
def test_bad_scores_are_refused(tmp_path: Path, name: str, text: str, line: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(DatasetError, match=line):
        read_scores([tmp_path / name])


def test_analyse_finds_a_planted_relation(tmp_path: Path, run_cli: Any) -> None:
    codes = ("de", "en", "fi", "fr", "hi", "ja", "sw")
    near, far = symmetric(1, 7), symmetric(9, 7)
    (tmp_path / "d.tsv").write_text(table_text(Distances(codes, {"near": near, "far": far})))
    lines = [
        f"{a}\t{b}\t{1 - near[i, j] / 9}"
        for i, a in enumerate(codes[:4])
        for j, b in enumerate(codes)
    ]
    (tmp_path / "s.tsv").write_text("source\ttarget\taccuracy\n" + "\n".join(lines) + "\n")
    files = ["--distances", tmp_path / "d.tsv", "--scores", tmp_path / "s.tsv"]
    words = ["languages", "analyse", *files, "--permutations", 300, "--draws", 200]
    code, _, errors = run_cli(*words, "--output", tmp_path / "out")
    assert code == 0, errors
    data = json.loads((tmp_path / "out" / "analysis.json").read_text())
    by_kind = {row["first"]: row["pearson"] for row in data["scores"]}
    assert by_kind["near"]["value"] == pytest.approx(-1)
    assert by_kind["near"]["p_mantel"] < 0.01 < by_kind["far"]["p_mantel"]
    # a language tested on itself is no transfer: its distance of 0 must not count
    assert data["scores"][0]["pairs"] == 4 * 6
    assert "Mantel" in (tmp_path / "out" / "index.html").read_text()
    held = run_cli(*words, "--control", "far", "--output", tmp_path / "held")
    assert "far held" in held[1]
    assert (
        "--control close: there are near, far"
        in run_cli(*words, "--control", "close", "--output", tmp_path / "x")[2]
    )
    assert run_cli(*words, "--output", tmp_path / "again")[0] == 0
    first, second = (tmp_path / name / "analysis.json" for name in ("out", "again"))
    assert first.read_bytes() == second.read_bytes()
