"""Confidence intervals against SciPy's, a table, and what they are for: to hold the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from x2static.core.scores.intervals import FEW, correlation_interval, few, share_interval, shown


@pytest.mark.parametrize("items", [1, 2, 27, 1500])
def test_the_interval_of_a_share_is_wilsons(items: int) -> None:
    for right in {0, 1, items // 3, items - 1, items}:
        expected = stats.binomtest(right, items).proportion_ci(method="wilson")
        assert share_interval(right / items, items) == pytest.approx(tuple(expected), abs=1e-12)


def test_the_ends_of_the_scale_are_in_their_own_intervals() -> None:
    for items in range(1, 300):
        assert share_interval(0.0, items)[0] == 0.0
        assert share_interval(1.0, items)[1] == 1.0
    assert share_interval(0.5, 0) is None


def test_pearsons_interval_is_scipys(rng: np.random.Generator) -> None:
    x = rng.standard_normal(40)
    y = x + rng.standard_normal(40)
    found = stats.pearsonr(x, y)
    expected = tuple(found.confidence_interval())
    assert correlation_interval(found.statistic, 40, ranks=False) == pytest.approx(expected)


@pytest.mark.parametrize("truth", [0.3, 0.7])
def test_about_95_of_100_intervals_of_spearman_hold_the_truth(
    rng: np.random.Generator, truth: float
) -> None:
    # of a bivariate normal, Spearman's rho is 6/pi asin(r/2)
    rho, num_samples = 6 / math.pi * math.asin(truth / 2), 2000
    pairs = rng.multivariate_normal([0, 0], [[1, truth], [truth, 1]], size=(num_samples, 60))
    held = 0
    for sample in pairs:
        found = stats.spearmanr(sample).statistic
        low, high = correlation_interval(found, 60, ranks=True)
        held += low <= rho <= high
    assert 0.93 <= held / num_samples <= 0.97


def test_correlations_that_bear_no_interval() -> None:
    assert correlation_interval(0.5, 3, ranks=True) is None
    assert correlation_interval(math.nan, 300, ranks=True) is None
    assert correlation_interval(1.0, 30, ranks=True) == (1.0, 1.0)


def test_intervals_are_shown_in_percent_and_few_items_are_warned_of() -> None:
    assert shown((0.0743, 0.103)) == "[7.4, 10.3]"
    assert shown((-0.0001, 0.5)) == "[0.0, 50.0]"
    assert shown(None) == ""
    assert few(FEW, "queries") is None
    assert str(few(27, "queries")).startswith("27 queries, fewer than 200: ")
