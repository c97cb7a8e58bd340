"""Robust training: the best response is one, and planted faults are the first to be listed."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from continued_pretraining.text.pairs.best_response import best_response
from tests.continued_pretraining.test_pairs import flags
from tests.teachers import WORDS


def distance(found: np.ndarray, shares: np.ndarray) -> float:
    return float(((found - shares) ** 2 / shares).sum())


@settings(max_examples=40, deadline=None)
@given(
    raw=st.lists(st.floats(0.05, 1), min_size=2, max_size=8),
    seed=st.integers(0, 99),
    radius=st.sampled_from([0.01, 0.1, 1.0, 9.0]),
    floor=st.sampled_from([0.0, 0.2]),
)
def test_nothing_within_the_ball_loses_more(raw, seed, radius, floor):
    shares = np.array(raw) / sum(raw)
    rng = np.random.default_rng(seed)
    losses = rng.normal(size=len(shares)) * 3 + 5
    best = best_response(shares, losses, radius, floor)
    assert best.sum() == pytest.approx(1)
    assert (best >= floor * shares * (1 - 1e-9)).all()
    assert distance(best, shares) <= radius * (1 + 1e-6)
    others = rng.dirichlet(np.ones(len(shares)), size=400)
    others = np.concatenate([others, best + rng.normal(size=(400, len(shares))) * 0.02])
    others = np.maximum(others, floor * shares)
    others /= others.sum(axis=1, keepdims=True)
    may_be = ((others - shares) ** 2 / shares).sum(axis=1) <= radius
    may_be &= (others >= floor * shares).all(axis=1)
    assert (others[may_be] @ losses <= best @ losses + 1e-7).all()


def test_inside_the_ball_it_is_the_closed_form():
    shares, losses = np.array([0.5, 0.3, 0.2]), np.array([1.0, 2.0, 4.0])
    mean = shares @ losses
    spread = np.sqrt(shares @ (losses - mean) ** 2)
    expected = shares * (1 + np.sqrt(0.05) * (losses - mean) / spread)
    assert best_response(shares, losses, 0.05) == pytest.approx(expected, rel=1e-6)


def test_equal_losses_move_nothing():
    shares = np.array([0.25, 0.75])
    assert best_response(shares, np.array([2.0, 2.0]), 0.1).tolist() == shares.tolist()


LANGUAGES = ("de", "en", "es", "fr")


def write_planted(folder: Path, sentences: int = 240) -> list[str]:
    """Aligned files: a word has two translations of three; de-fr is shuffled, en-es is copied."""
    rng = np.random.default_rng(3)
    words = {code: WORDS[3 * place : 3 * place + 3] for place, code in enumerate(LANGUAGES)}
    entries = []
    for first, second in combinations(LANGUAGES, 2):
        left = rng.integers(3, size=sentences)
        right = (left + rng.integers(2, size=sentences)) % 3
        texts = [[words[first][n] for n in left], [words[second][n] for n in right]]
        if (first, second) == ("de", "fr"):
            texts[1] = rng.permutation(texts[1]).tolist()
        if (first, second) == ("en", "es"):
            texts[1] = texts[0]
        path = f"{folder}/{first}-{second}"
        for code, text in zip((first, second), texts, strict=True):
            Path(f"{path}.{code}").write_text("".join(f"{word}\n" for word in text))
        entries.append(f"{first}-{second}={path}.{first},{path}.{second}")
    return entries


def test_planted_faults_are_the_first_listed(tmp_path, model_folder, run_cli):
    entries = write_planted(tmp_path)

    given = flags(
        tmp_path, model_folder, tmp_path / "out", "--mlm-weight", 0, "--steps", 180, "--tlm-batch",
        32, "--learning-rate", "1e-2", "--validate-every", 0, "--robust", "chi-square",
        "--validation-sequences", 0, "--choose", "last", "--log-every", 40, "--robust-rounds", 5,
    )  # fmt: skip
    place = given.index("--bitext") + 1
    code, _, err = run_cli(*given[:place], *entries, *given[place + 1 :])
    assert code == 0, err
    report = json.loads((tmp_path / "out" / "robust.json").read_text())
    pairs = [row["pair"] for row in report["pairs"]]
    assert report["rounds"] == 5
    assert (pairs[0], pairs[-1]) == ("de-fr", "en-es")
    first, last = report["pairs"][0], report["pairs"][-1]
    assert first["push"] > 1.2
    assert last["push"] < 0.8
    assert all(example["en"] == example["es"] for example in last["examples"])
    assert (
        err.index("pushed up") < err.index("de-fr") < err.index("pushed down") < err.index("en-es")
    )
