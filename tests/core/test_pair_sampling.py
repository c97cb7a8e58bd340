"""Shares of language pairs: the oracles are plain matrix scaling and the dual of the programme."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from x2static.core.errors import ConfigError
from x2static.core.text.pair_sampling import SAMPLINGS, sample_pairs


def random_counts(rng: np.random.Generator, size: int, empty: float = 0.0) -> np.ndarray:
    counts = rng.integers(1, 100_000, size=(size, size))
    counts[rng.random((size, size)) < empty] = 0
    counts = np.triu(counts, 1)
    return counts + counts.T


def star(size: int = 6) -> np.ndarray:
    counts = np.zeros((size, size), dtype=np.int64)
    counts[0, 1:] = counts[1:, 0] = np.arange(1, size) * 1000
    return counts


def fitted(data: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Iterative proportional fitting: rows, then columns, until both are right."""
    shares = data / data.sum()
    for _ in range(20_000):
        shares = shares * (wanted / shares.sum(axis=1))[:, None]
        shares = shares * (wanted / shares.sum(axis=0))[None, :]
    return shares


@pytest.mark.parametrize("temperature", [1.0, 10 / 7, 5.0])
@pytest.mark.parametrize("empty", [0.0, 0.3])
def test_sinkhorn_is_proportional_fitting(rng, temperature: float, empty: float) -> None:
    counts = random_counts(rng, 12, empty)
    found = sample_pairs(counts, "sinkhorn", temperature)
    assert found.meets_marginals
    np.testing.assert_allclose(found.shares, fitted(counts, found.wanted), atol=1e-8)
    assert ((found.shares > 0) == (counts > 0)).all()
    assert found.used(counts) == found.density(counts) == 1.0


@given(seed=st.integers(0, 10_000), method=st.sampled_from(SAMPLINGS))
def test_every_method_gives_symmetric_shares_of_pairs_with_data(seed: int, method: str) -> None:
    counts = random_counts(np.random.default_rng(seed), 7, 0.3)
    counts[0, 1] = counts[1, 0] = 5
    shares = sample_pairs(counts, method, 2.0).shares
    assert shares.sum() == pytest.approx(1)
    assert (shares >= 0).all()
    np.testing.assert_allclose(shares, shares.T)
    assert not shares[counts == 0].any()


def test_at_temperature_1_the_data_have_the_marginals_already(rng) -> None:
    counts = random_counts(rng, 8)
    for method in ("sinkhorn", "temperature"):
        np.testing.assert_allclose(
            sample_pairs(counts, method, 1.0).shares, counts / counts.sum(), atol=1e-9
        )


def test_the_linear_programme_is_optimal_and_sparse(rng) -> None:
    from scipy.optimize import linprog

    counts = random_counts(rng, 10)
    found = sample_pairs(counts, "m2m", 5.0)
    assert found.meets_marginals
    data = counts / counts.sum()
    size = len(data)
    rows = np.kron(np.eye(size), np.ones(size))
    columns = np.kron(np.ones(size), np.eye(size))
    whole = linprog(
        np.where(data > 0, -data, 1e3).ravel(),
        A_eq=np.vstack([rows, columns]),
        b_eq=np.concatenate([found.wanted, found.wanted]),
    )
    assert (found.shares * data).sum() == pytest.approx(-whole.fun, rel=1e-6)
    sinkhorn = sample_pairs(counts, "sinkhorn", 5.0)
    assert (found.shares * data).sum() > (sinkhorn.shares * data).sum()
    assert found.density(counts) < 0.5 < sinkhorn.density(counts) == 1.0


@pytest.mark.parametrize("method", ["sinkhorn", "m2m"])
def test_a_star_cannot_meet_its_marginals_and_says_so(method: str) -> None:
    counts = star()
    found = sample_pairs(counts, method, 5.0)
    assert not found.meets_marginals
    assert found.wanted[0] < 0.3  # English should have less than half, and cannot
    assert found.marginals[0] == pytest.approx(0.5)
    assert not found.shares[counts == 0].any()  # no pair without data is filled


def test_english_leaves_all_other_pairs_out(rng) -> None:
    counts = random_counts(rng, 6)
    found = sample_pairs(counts, "english", 1.0, hub=2)
    assert found.marginals[2] == pytest.approx(0.5)
    assert found.density(counts) == pytest.approx(5 / 15)


def test_temperature_flattens_by_its_root() -> None:
    counts = np.array([[0, 8, 1], [8, 0, 0], [1, 0, 0]])
    shares = sample_pairs(counts, "temperature", 3.0).shares
    assert shares[0, 1] / shares[0, 2] == pytest.approx(2.0)


def test_200_languages_converge(rng) -> None:
    assert sample_pairs(random_counts(rng, 200, 0.8), "sinkhorn", 10 / 7).misses < 1e-7


@pytest.mark.parametrize("temperature", [0.5, 0.0, float("nan"), float("inf")])
def test_a_temperature_out_of_range_is_refused(temperature: float) -> None:
    with pytest.raises(ConfigError, match="temperature must be at least 1"):
        sample_pairs(star(), "sinkhorn", temperature)


def test_no_pair_at_all_is_refused() -> None:
    with pytest.raises(ConfigError, match="no two languages"):
        sample_pairs(np.zeros((3, 3), dtype=np.int64), "sinkhorn")
