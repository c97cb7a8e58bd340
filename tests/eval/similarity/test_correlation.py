import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from eval.similarity.correlation import average_ranks, harmonic_mean, pearson, spearman

FEW_VALUES = st.lists(st.tuples(st.integers(-3, 3), st.floats(-1e6, 1e6)), min_size=3, max_size=40)


def test_average_ranks_share_places():
    # 7 and 7 take places 3 and 4; by hand
    assert average_ranks([5, 7, 2, 7]).tolist() == [2, 3.5, 1, 3.5]


def test_spearman_by_hand():
    # ranks 1 2 3 4 5 against 2 1 4 3 5: 1 - 6 * 4 / (5 * 24) = 0.8
    assert spearman([1, 2, 3, 4, 5], [20, 10, 40, 30, 50]) == pytest.approx(0.8)


def test_pearson_by_hand():
    # centred (-1, 0, 1) and (-2, 1, 1): 3 / sqrt(2 * 6)
    assert pearson([1, 2, 3], [0, 3, 3]) == pytest.approx(3 / math.sqrt(12))


@settings(deadline=None, max_examples=100, derandomize=True)
@given(FEW_VALUES)
def test_agrees_with_scipy(values):
    first, second = zip(*values, strict=True)
    if len(set(first)) < 2 or np.ptp(second) <= 1e-3:
        return
    np.testing.assert_allclose(average_ranks(first), stats.rankdata(first))
    assert spearman(first, second) == pytest.approx(stats.spearmanr(first, second)[0], abs=1e-12)
    assert pearson(first, second) == pytest.approx(stats.pearsonr(first, second)[0], abs=1e-9)


@settings(deadline=None, max_examples=50, derandomize=True)
@given(FEW_VALUES)
def test_spearman_sees_only_order(values):
    first, second = zip(*values, strict=True)
    stretched = [value**3 for value in first]
    assert spearman(first, second) == pytest.approx(spearman(stretched, second), nan_ok=True)


@pytest.mark.parametrize("values", [[], [1.0], [2.0, 2.0, 2.0]])
def test_undefined_is_nan(values):
    assert math.isnan(pearson(values, range(len(values))))
    assert math.isnan(spearman(values, range(len(values))))


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_extreme_scales_neither_vanish_nor_overflow(scale):
    assert pearson([scale, 2 * scale, 4 * scale], [1, 2, 4]) == pytest.approx(1)


def test_harmonic_mean():
    assert harmonic_mean(0.5, 1.0) == pytest.approx(2 / 3)
    assert harmonic_mean(-0.2, 0.9) == 0
    assert math.isnan(harmonic_mean(math.nan, 0.5))
