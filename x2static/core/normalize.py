"""Normalise the rows or columns of a matrix: unit length, centring, unit length per dimension.

Each step gives a new float32 matrix and leaves its input alone. Lengths and means are summed in
float64, so that neither tiny nor huge numbers lose their length. A row (or column) of zeros has no
direction: the unit steps leave it zero.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from x2static.core.errors import ConfigError
from x2static.core.vectors import FloatMatrix

Step = Literal["unit", "center", "unit_dimension", "none"]
_ROWS = 4096


def normalize(matrix: FloatMatrix, steps: Sequence[Step]) -> FloatMatrix:
    """The matrix after the given steps, in order; without any step, the matrix itself."""
    for step in steps:
        if step not in _STEPS:
            known = ", ".join(get_args(Step))
            raise ConfigError(f"normalization step must be one of {known}, got '{step}'")
        matrix = _STEPS[step](matrix)
    return matrix


def unit(matrix: FloatMatrix) -> FloatMatrix:
    """Rows of Euclidean length 1; zero rows stay zero."""
    normalized = np.empty_like(matrix, dtype=np.float32)
    for start in range(0, len(matrix), _ROWS):
        block = matrix[start : start + _ROWS].astype(np.float64)
        lengths = np.sqrt(np.einsum("nd,nd->n", block, block))
        normalized[start : start + _ROWS] = block / _without_zeros(lengths)[:, None]
    return normalized


def center(matrix: FloatMatrix) -> FloatMatrix:
    """Rows minus their mean row."""
    if not len(matrix):
        return matrix.astype(np.float32)
    mean = sum(block.sum(axis=0, dtype=np.float64) for block in _blocks(matrix)) / len(matrix)
    centered = np.empty_like(matrix, dtype=np.float32)
    for start in range(0, len(matrix), _ROWS):
        centered[start : start + _ROWS] = matrix[start : start + _ROWS] - mean
    return centered


def unit_dimension(matrix: FloatMatrix) -> FloatMatrix:
    """Columns of Euclidean length 1; zero columns stay zero."""
    squares = np.zeros(matrix.shape[1])
    for block in _blocks(matrix):
        squares += np.einsum("nd,nd->d", block.astype(np.float64), block.astype(np.float64))
    lengths = _without_zeros(np.sqrt(squares))
    normalized = np.empty_like(matrix, dtype=np.float32)
    for start in range(0, len(matrix), _ROWS):
        normalized[start : start + _ROWS] = matrix[start : start + _ROWS] / lengths
    return normalized


def _none(matrix: FloatMatrix) -> FloatMatrix:
    return matrix


def _blocks(matrix: FloatMatrix) -> list[FloatMatrix]:
    return [matrix[start : start + _ROWS] for start in range(0, len(matrix), _ROWS)]


def _without_zeros(lengths: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(lengths > 0, lengths, 1.0)


_STEPS: dict[str, Callable[[FloatMatrix], FloatMatrix]] = {
    "unit": unit, "center": center, "unit_dimension": unit_dimension, "none": _none,
}  # fmt: skip
