"""Paired scores: the exact test against scipy, the interval against drawing item by item."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from x2static.core.scores.paired import marks, paired


def made(gained: int, lost: int, right: int, wrong: int) -> tuple[str, str]:
    before = "0" * gained + "1" * lost + "1" * right + "0" * wrong
    return before, "1" * gained + "0" * lost + "1" * right + "0" * wrong


@pytest.mark.parametrize(("gained", "lost"), [(3, 1), (26, 0), (40, 14), (7, 7), (300, 250)])
def test_p_is_that_of_the_exact_binomial_test(gained: int, lost: int) -> None:
    found = paired(*made(gained, lost, 20, 30))
    assert found is not None
    assert found.p == pytest.approx(binomtest(gained, gained + lost).pvalue, rel=1e-9)
    assert found.difference == pytest.approx((gained - lost) / (gained + lost + 50))


def test_the_interval_is_the_bootstraps() -> None:
    before, after = made(40, 14, 500, 446)
    found = paired(before, after)
    assert found is not None
    change = np.array(list(after), int) - np.array(list(before), int)
    rng = np.random.default_rng(5)
    slow = [change[rng.integers(0, 1000, 1000)].mean() for _ in range(3000)]
    assert found.interval == pytest.approx(np.percentile(slow, [2.5, 97.5]), abs=0.002)
    assert found.is_news
    assert str(found) == ("40 gained, 14 lost of 1,000; difference +2.6 [+1.2, +4.0], p < 0.001")


def test_a_difference_of_few_changes_is_no_news() -> None:
    found = paired(*made(30, 22, 500, 448))
    assert found is not None
    assert found.p > 0.05
    assert not found.is_news
    assert found.interval[0] < 0 < found.interval[1]


@pytest.mark.parametrize(
    ("before", "after"), [("01", "011"), ("", ""), (None, "01"), ("01", "0x"), ([1], [0])]
)
def test_other_items_are_not_compared(before: object, after: object) -> None:
    assert paired(before, after) is None


def test_nothing_changed() -> None:
    found = paired("0101", "0101")
    assert found is not None
    assert (found.p, found.interval, found.is_news) == (1.0, (0.0, 0.0), False)
    assert marks([True, False]) == "10"
