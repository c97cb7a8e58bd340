"""Normalise the rows of a matrix: unit length, centring.

Each step gives a new float32 matrix and leaves its input alone. Lengths and means are summed in
float64, so that neither tiny nor huge numbers lose their length. A row of zeros has no direction:
`unit` leaves it zero.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from x2static.core.vectors import FloatMatrix

_ROWS = 4096


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


def _blocks(matrix: FloatMatrix) -> list[FloatMatrix]:
    return [matrix[start : start + _ROWS] for start in range(0, len(matrix), _ROWS)]


def _without_zeros(lengths: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(lengths > 0, lengths, 1.0)
