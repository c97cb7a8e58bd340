"""The balance of own states and contexts against a plain correlation over pairs."""

from __future__ import annotations

import numpy as np
import pytest

from x2static.distill.learning.balance import (
    FEWEST_WORDS,
    Balance,
    frequent_enough,
    measure_balance,
)


def test_correlations_equal_numpy_over_all_pairs(rng):
    views = []
    shared = rng.normal(size=(300, 8))
    for noise in (2.0, 0.5, 0.5):
        view = shared + noise * rng.normal(size=shared.shape)
        views.append((view / np.linalg.norm(view, axis=1, keepdims=True)).astype(np.float32))
    found = measure_balance(*views)
    below = np.tril_indices(300, -1)
    own, context, other = ((view @ view.T)[below] for view in views)
    assert found.own == pytest.approx(np.corrcoef(own, other)[0, 1], abs=1e-4)
    assert found.context == pytest.approx(np.corrcoef(context, other)[0, 1], abs=1e-4)
    assert found.words == 300
    assert found.ratio == pytest.approx(found.own / found.context)
    assert 0 < found.ratio < 1


def test_too_few_words_measure_nothing_and_count_alike(rng):
    few = rng.normal(size=(FEWEST_WORDS - 1, 4)).astype(np.float32)
    found = measure_balance(few, few, few)
    assert (found.words, found.ratio) == (0, 1.0)


@pytest.mark.parametrize(("own", "context", "ratio"), [(-0.2, 0.5, 0), (0.9, 0.3, 2), (0.5, 0, 1)])
def test_the_ratio_has_bounds(own, context, ratio):
    assert Balance(own, context, 500).ratio == ratio


def test_words_must_be_met_in_both_halves_and_not_be_the_commonest():
    met, other = np.full(300, 50), np.full(300, 50)
    met[120], other[130] = 9, 0
    rows = frequent_enough(met, other)
    assert rows.tolist() == [n for n in range(100, 300) if n not in (120, 130)]
