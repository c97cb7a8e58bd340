"""Normalisation against the word-by-word oracle, and on rows it has not seen."""

from __future__ import annotations

import numpy as np
import pytest

from align.vecmap.induce.arrays import AlignmentError
from align.vecmap.normalization import check_finite, fit_normalization
from tests.align import oracles

STEPS = [
    (),
    ("unit",),
    ("unit", "center"),
    ("unit", "center", "unit"),
    ("unitdim", "centeremb"),
    ("center", "unitdim", "unit"),
]


@pytest.mark.parametrize("steps", STEPS)
def test_equals_the_oracle(rng, steps):
    matrix = rng.standard_normal((50, 7)).astype(np.float32)
    found = fit_normalization(matrix, steps).apply(matrix)
    np.testing.assert_allclose(found, oracles.normalized(matrix, steps), atol=1e-6)


def test_a_new_row_gets_the_treatment_of_the_old_ones(rng):
    matrix = rng.standard_normal((50, 7)).astype(np.float32)
    fitted = fit_normalization(matrix, ("unit", "center", "unit"))
    np.testing.assert_array_equal(fitted.apply(matrix[3:5]), fitted.apply(matrix)[3:5])


def test_zero_rows_stay_finite():
    matrix = np.zeros((3, 4), np.float32)
    assert np.isfinite(fit_normalization(matrix, ("unit", "center", "unit")).apply(matrix)).all()


def test_nan_is_named_by_row(rng):
    matrix = rng.standard_normal((70_000, 2)).astype(np.float32)
    matrix[66_000, 1] = np.nan
    with pytest.raises(AlignmentError, match="row 66000 holds NaN"):
        check_finite(matrix, "de.vec")
    with pytest.raises(AlignmentError, match="no vectors"):
        check_finite(np.zeros((0, 3), np.float32), "de.vec")


def test_rows_of_one_direction_are_refused(rng):
    row, factors = rng.standard_normal(7), rng.standard_normal((5000, 1))
    for digits in (5, 9):
        for sizes in (factors, np.abs(factors), np.where(factors > 2, factors, 0)):
            text = [[f"{value:.{digits}g}" for value in row * size] for size in sizes]
            with pytest.raises(AlignmentError, match="all 5000 vectors are multiples of one"):
                check_finite(np.array(text, np.float32), "de.vec")
    matrix = (factors * row).astype(np.float32)
    check_finite(matrix, "de.vec", may_be_equal=True)
    matrix[4000] += 0.1 * rng.standard_normal(7).astype(np.float32)
    check_finite(matrix, "de.vec")
