"""Normalising rows: lengths, means, extremes, zeros."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from x2static.core import normalize as module
from x2static.core.normalize import center, unit
from x2static.core.vectors import FloatMatrix

MATRICES = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=6),
    elements=st.floats(width=32, allow_nan=False, allow_infinity=False),
)


@given(MATRICES)
def test_unit_rows_have_length_one_or_zero(matrix: FloatMatrix) -> None:
    lengths = np.linalg.norm(unit(matrix).astype(np.float64), axis=1)
    np.testing.assert_allclose(lengths, matrix.any(axis=1).astype(float), atol=1e-6)


def test_centred_rows_have_mean_zero(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_ROWS", 7)
    matrix = (rng.standard_normal((40, 5)) + 1000).astype(np.float32)
    expected = matrix.astype(np.float64) - matrix.astype(np.float64).mean(axis=0)
    np.testing.assert_allclose(center(matrix), expected, atol=1e-6)
    assert center(matrix[:0]).shape == (0, 5)


def test_the_input_is_left_alone(rng: np.random.Generator) -> None:
    matrix = rng.standard_normal((6, 3)).astype(np.float32)
    before = matrix.copy()
    unit(center(matrix))
    np.testing.assert_array_equal(matrix, before)
