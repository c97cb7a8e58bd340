"""Slow and obviously right: what the fast code is compared with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


def top_k(scores: Matrix, k: int) -> NDArray[np.int64]:
    """Columns of the ``k`` largest scores of each row; equal scores by column."""
    ranked = [sorted(range(len(row)), key=lambda column: (-row[column], column)) for row in scores]
    return np.array([columns[:k] for columns in ranked], dtype=np.int64).reshape(len(scores), -1)


def inner_products(queries: NDArray[np.float32], candidates: NDArray[np.float32]) -> Matrix:
    """(N, M) inner products in float64, one pair at a time."""
    return np.array(
        [[np.dot(q.astype(float), c.astype(float)) for c in candidates] for q in queries]
    ).reshape(len(queries), len(candidates))


def mean_similarity(scores: Matrix, k: int) -> NDArray[np.float64]:
    """Mean of the ``k`` largest scores of each row."""
    return np.array([np.mean(sorted(row, reverse=True)[:k]) for row in scores])


def csls(
    queries: NDArray[np.float32],
    candidates: NDArray[np.float32],
    k: int = 10,
) -> Matrix:
    """(N, M) CSLS scores: 2 cos(x, y) - r(x) - r(y); the queries are the whole other language."""
    cosines = inner_products(queries, candidates)
    return (
        2 * cosines - mean_similarity(cosines, k)[:, None] - mean_similarity(cosines.T, k)[None, :]
    )
