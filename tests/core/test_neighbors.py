"""Exact search against a Python loop over float64: every size, every block, every tie."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import oracles
from x2static.core import neighbors
from x2static.core.errors import ConfigError
from x2static.core.neighbors import csls_top_k, mean_similarity, top_k
from x2static.core.normalize import unit
from x2static.core.vectors import FloatMatrix


def random_rows(rng: np.random.Generator, rows: int, width: int = 8) -> FloatMatrix:
    return unit(rng.standard_normal((rows, width)).astype(np.float32))


@pytest.fixture(params=[(3, 4), (256, 16384)], ids=["small-blocks", "one-block"])
def blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    queries, candidates = request.param
    monkeypatch.setattr(neighbors, "_QUERIES", queries)
    monkeypatch.setattr(neighbors, "_CANDIDATES", candidates)
    monkeypatch.setattr(neighbors, "_SLACK", 2)


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize(
    ("num_queries", "num_candidates", "k"),
    [(1, 1, 1), (7, 50, 5), (10, 9, 9), (4, 3, 10), (0, 5, 2)],
)
def test_cosine_neighbours_match_the_oracle(
    num_queries: int, num_candidates: int, k: int, rng: np.random.Generator
) -> None:
    queries, candidates = random_rows(rng, num_queries), random_rows(rng, num_candidates)
    expected = oracles.inner_products(queries, candidates)
    indices, scores = top_k(queries, candidates, k)
    assert indices.shape == scores.shape == (num_queries, min(k, num_candidates))
    if num_queries:
        np.testing.assert_array_equal(indices, oracles.top_k(expected, k))
        np.testing.assert_allclose(scores, np.take_along_axis(expected, indices, 1), rtol=1e-6)


@pytest.mark.usefixtures("blocks")
@given(data=st.data())
def test_ties_go_to_the_first_candidate(data: st.DataObject) -> None:
    """Rows of few whole numbers: sums are exact, and most scores have equals."""
    row = st.lists(st.integers(-1, 1), min_size=2, max_size=2)
    queries = np.array(data.draw(st.lists(row, min_size=1, max_size=4)), np.float32)
    candidates = np.array(data.draw(st.lists(row, min_size=1, max_size=30)), np.float32)
    k = data.draw(st.integers(1, 6))
    indices, _ = top_k(queries, candidates, k)
    expected = oracles.top_k(oracles.inner_products(queries, candidates), k)
    np.testing.assert_array_equal(indices, expected)


@pytest.mark.usefixtures("blocks")
def test_repeated_rows_are_equal_wherever_they_lie(rng: np.random.Generator) -> None:
    rows = random_rows(rng, 3, 300)
    candidates = rows[rng.integers(0, 3, 500)]
    indices, scores = top_k(rows, candidates, 150)
    for number, row in enumerate(rows):
        same = np.flatnonzero((candidates == row).all(axis=1))[:150]
        np.testing.assert_array_equal(indices[number], same)
        assert len(set(scores[number].tolist())) == 1


def test_differences_below_float32_are_ranked(rng: np.random.Generator) -> None:
    """Scores that differ by less than a float32 product is wrong by: float64 decides."""
    center = random_rows(rng, 1, 200) * 100
    candidates = center + rng.standard_normal((400, 200)).astype(np.float32) * 1e-5
    expected = oracles.top_k(oracles.inner_products(center, candidates), 10)
    np.testing.assert_array_equal(top_k(center, candidates, 10)[0], expected)


@pytest.mark.usefixtures("blocks")
def test_csls_matches_the_oracle(rng: np.random.Generator) -> None:
    source, target = random_rows(rng, 23), random_rows(rng, 31)
    query_means = mean_similarity(source, target, 10)
    target_means = mean_similarity(target, source, 10)
    cosines = oracles.inner_products(source, target)
    np.testing.assert_allclose(query_means, oracles.mean_similarity(cosines, 10), rtol=1e-6)
    indices, scores = csls_top_k(
        source, target, 4, query_means=query_means, candidate_means=target_means
    )
    expected = oracles.csls(source, target)
    np.testing.assert_array_equal(indices, oracles.top_k(expected, 4))
    np.testing.assert_allclose(scores, np.take_along_axis(expected, indices, 1), atol=1e-6)


def test_the_block_size_changes_no_bit(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    queries, candidates = random_rows(rng, 40, 96), random_rows(rng, 700, 96)
    whole = top_k(queries, candidates, 7)
    monkeypatch.setattr(neighbors, "_QUERIES", 7)
    monkeypatch.setattr(neighbors, "_CANDIDATES", 33)
    for one, other in zip(whole, top_k(queries, candidates, 7), strict=True):
        np.testing.assert_array_equal(one, other)


def test_zero_rows_have_score_zero() -> None:
    zero = np.zeros((1, 3), np.float32)
    indices, scores = top_k(zero, np.eye(3, dtype=np.float32), 2)
    assert indices.tolist() == [[0, 1]]
    assert scores.tolist() == [[0, 0]]


def test_what_cannot_be_searched_is_refused() -> None:
    two, three = np.ones((2, 2), np.float32), np.ones((2, 3), np.float32)
    with pytest.raises(ConfigError, match="at least 1, got 0"):
        top_k(two, two, 0)
    with pytest.raises(ConfigError, match="cannot compare 2-wide with 3-wide"):
        top_k(two, three, 1)
    with pytest.raises(ConfigError, match="no candidates"):
        top_k(two, two[:0], 1)
