"""The same as ``top.py`` in plain numpy, to the bit, for installations without numba."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_Matrix = NDArray[np.float32]
_Rows = NDArray[np.int64]


def top_of_rows(matrix: _Matrix, count: int, best: _Matrix, means: _Matrix) -> None:
    """Largest entry of each row, and the mean of its ``count`` largest."""
    largest = np.partition(matrix, matrix.shape[1] - count, axis=1)[:, -count:]
    largest = np.sort(largest, axis=1)[:, ::-1]
    best[:] = largest[:, 0]
    # One after the other, as compiled code adds; numpy's own sum adds in pairs.
    means[:] = np.cumsum(largest, axis=1, dtype=np.float64)[:, -1] / count


def ranked_of_rows(matrix: _Matrix, penalty: _Matrix, ranks: _Rows, chosen: _Rows) -> None:
    """For each row the column of its rank by ``matrix - penalty``; ties to the left."""
    scores = matrix - penalty
    chosen[:] = scores.argmax(axis=1)
    for row in np.flatnonzero(ranks > 1):
        chosen[row] = _column_of_rank(scores[row], int(ranks[row]))


def score_of_ranks(matrix: _Matrix, penalty: _Matrix, ranks: _Rows, found: _Matrix) -> None:
    """For each row the scores of some ranks, the same for all, by ``matrix - penalty``."""
    scores = matrix - penalty
    cuts = scores.shape[1] - ranks
    scores.partition(sorted(set(cuts.tolist())), axis=1)
    found[:] = scores[:, cuts].T


def _column_of_rank(scores: _Matrix, rank: int) -> int:
    value = np.partition(scores, len(scores) - rank)[len(scores) - rank]
    above = int((scores > value).sum())
    return int(np.flatnonzero(scores == value)[rank - 1 - above])
