"""CKA: a dense Gram in double precision, invariances, identical and unrelated states."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.impact.cka import Sums, centred
from eval.impact.sentences import examine
from tests.teachers import WORDS, save_teacher


def dense(x: np.ndarray, y: np.ndarray) -> float:
    """Song's formula on Gram matrices, term by term."""

    def hsic(k: np.ndarray, other: np.ndarray) -> float:
        n = len(k)
        k, other = k - np.diag(np.diag(k)), other - np.diag(np.diag(other))
        ones = np.ones(n)
        first = np.trace(k @ other)
        second = (ones @ k @ ones) * (ones @ other @ ones) / ((n - 1) * (n - 2))
        third = 2 / (n - 2) * (ones @ k @ other @ ones)
        return float(first + second - third) / (n * (n - 3))

    k, other = (some.astype(np.float64) @ some.astype(np.float64).T for some in (x, y))
    return hsic(k, other) / math.sqrt(hsic(k, k) * hsic(other, other))


def dense_biased(x: np.ndarray, y: np.ndarray) -> float:
    """Kornblith's definition: centred Gram matrices."""
    h = np.eye(len(x)) - 1 / len(x)
    k, other = h @ x @ x.T @ h, h @ y @ y.T @ h
    return float((k * other).sum() / np.linalg.norm(k) / np.linalg.norm(other))


def pair(seed: int, n: int, d: int = 6, e: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, d)) + 3
    return x, x @ rng.standard_normal((d, e)) + rng.standard_normal((n, e))


@given(st.integers(0, 9999), st.integers(5, 30))
@settings(deadline=None, max_examples=40)
def test_sums_give_what_gram_matrices_give(seed: int, n: int) -> None:
    x, y = pair(seed, n)
    found = Sums.of(x, y)
    assert found.cka() == pytest.approx(dense(x, y), rel=1e-6)
    assert found.cka(biased=True) == pytest.approx(dense_biased(x, y), rel=1e-8)
    parts = Sums.of(x[:2], y[:2]) + Sums.of(x[2:], y[2:])
    assert parts.cka() == pytest.approx(dense(x, y), rel=1e-6)
    if n > 5:
        without = found.cka(without=Sums.of(x[:2], y[:2]))
        assert without == pytest.approx(dense(x[2:], y[2:]), rel=1e-5)


@given(st.integers(0, 9999))
@settings(deadline=None, max_examples=20)
def test_rotation_scale_shift_and_order_change_nothing(seed: int) -> None:
    x, y = pair(seed, 20)
    rng = np.random.default_rng(seed)
    turn, order = np.linalg.qr(rng.standard_normal((6, 6)))[0], rng.permutation(20)
    value = Sums.of(x, y).cka()
    assert Sums.of(7 * x @ turn + 2, y).cka() == pytest.approx(value, abs=1e-8)
    assert Sums.of(x[order], y[order]).cka() == pytest.approx(value, abs=1e-8)
    assert Sums.of(y, x).cka() == pytest.approx(value, abs=1e-10)
    assert Sums.of(centred(x), centred(y)).cka() == pytest.approx(value, abs=1e-8)


def test_single_precision_of_states_far_from_zero_is_enough() -> None:
    x, y = pair(0, 500, 32, 32)
    wanted = dense(x, y)
    x, y = ((some + 50).astype(np.float32) for some in (x, y))
    assert Sums.of(centred(x), centred(y)).cka() == pytest.approx(wanted, abs=2e-5)


def test_few_samples_of_many_features_deceive_the_biased_estimate_alone() -> None:
    rng = np.random.default_rng(0)
    values = [Sums.of(*rng.standard_normal((2, 20, 200))) for _ in range(30)]
    assert np.mean([one.cka(biased=True) for one in values]) > 0.85
    assert abs(np.mean([one.cka() for one in values])) < 0.03


def test_identical_states_have_no_impact_and_shuffled_ones_all() -> None:
    x = np.random.default_rng(0).standard_normal((200, 8)).astype(np.float32)
    found = examine(x, x, 2, 0)
    assert found["impact"] == pytest.approx(0, abs=1e-6)
    assert abs(found["null"]) < 0.05
    assert found["interval_95"] == pytest.approx([0, 0], abs=1e-6)


def test_a_few_far_sentences_are_seen() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 300, 8))
    x[:3] = y[:3] = 200.0
    found = examine(x, y, 0, 0)
    assert found["cka"] > 0.9
    assert abs(found["without_farthest"]) < 0.1


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    x, y = pair(1, 20_000)
    truth = 1 - Sums.of(x, y).cka()
    held = 0
    for start in range(0, 20_000, 400):
        low, high = examine(x[start : start + 400], y[start : start + 400], 0, 0)["interval_95"]
        held += low <= truth <= high
    assert held >= 43  # of 50


def test_states_that_do_not_vary_have_no_cka() -> None:
    x = np.random.default_rng(0).standard_normal((30, 4))
    assert math.isnan(Sums.of(centred(np.ones((30, 4))), centred(x)).cka())


@pytest.fixture
def world(tmp_path: Path, rng: np.random.Generator) -> Path:
    for code in ("de", "fr"):
        lines = [" ".join(rng.choice(WORDS, 5)) for _ in range(40)]
        (tmp_path / f"{code}.txt").write_text("\n".join(lines) + "\n")
    save_teacher(tmp_path / "one", seed=1)
    save_teacher(tmp_path / "two", seed=2)
    return tmp_path


def test_impact_of_a_model_on_itself_is_nought(world: Path, run_cli: Any) -> None:
    words = [
        "eval",
        "impact",
        "--before",
        world / "one",
        "--text",
        world / "*.txt",
        "--device",
        "cpu",
    ]
    code, text, errors = run_cli(*words, "--after", world / "one", "--json", world / "s.json")
    assert code == 0, errors
    rows = json.loads((world / "s.json").read_text())["rows"]
    # the first token of the embeddings is the same for every sentence: nothing varies
    assert [row["layer"] for row in rows] == [0, 1, 2, 3, 4] * 2
    assert "nothing varies" in text
    assert all(abs(row["impact"]) < 1e-6 for row in rows if row["layer"])
    code, _, errors = run_cli(
        *words,
        "--after",
        world / "two",
        "--pool",
        "mean",
        "--source",
        "en",
        "--json",
        world / "t.json",
    )
    assert code == 0, errors
    rows = json.loads((world / "t.json").read_text())["rows"]
    assert all(0.02 < row["impact"] < 1.2 for row in rows)
    assert rows[0]["source"] == "en"
