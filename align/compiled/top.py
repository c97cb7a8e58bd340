"""What stands at the top of each row: means, ranks, scores; one pass over memory each."""

# Compiled code takes plain arrays and infers their types itself.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"
# ruff: noqa: ANN001, ANN201, ANN202

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from x2static.core.errors import require

_numba = require("numba", "align", "looking for nearest words")
compiled: Callable[..., Any] = _numba.njit(nogil=True, cache=True)
_CHUNK = 32


@compiled
def _insert(kept, filled, value):
    """Put a value among the sorted largest; returns how many there are."""
    at = filled if filled < len(kept) else len(kept) - 1
    while at > 0 and kept[at - 1] < value:
        kept[at] = kept[at - 1]
        at -= 1
    kept[at] = value
    return min(filled + 1, len(kept))


@compiled
def top_of_rows(matrix, count, best, means):
    """Largest entry of each row, and the mean of its ``count`` largest.

    A row is looked at in chunks: most hold nothing above the smallest of those kept, which a few
    vector instructions say.
    """
    height, width = matrix.shape
    kept = np.empty(count, np.float32)
    for i in range(height):
        row = matrix[i]
        filled = 0
        for b in range(count):
            filled = _insert(kept, filled, row[b])
        at = count
        while at < width:
            stop = min(at + _CHUNK, width)
            if stop - at == _CHUNK:
                hits, least = 0, kept[count - 1]
                for t in range(_CHUNK):  # of constant length: vector instructions
                    hits += np.int32(row[at + t] > least)
                if hits == 0:
                    at = stop
                    continue
            for b in range(at, stop):
                if row[b] > kept[count - 1]:
                    _insert(kept, count, row[b])
            at = stop
        total = 0.0
        for value in kept:
            total += value
        best[i], means[i] = kept[0], total / count


@compiled
def _place(scores, columns, filled, score, column):
    """Put a scored column among the sorted best; equal scores stand in the order they come."""
    at = filled if filled < len(scores) else len(scores) - 1
    while at > 0 and scores[at - 1] < score:
        scores[at], columns[at] = scores[at - 1], columns[at - 1]
        at -= 1
    scores[at], columns[at] = score, column
    return min(filled + 1, len(scores))


@compiled
def _rank_row(row, penalty, scores, columns):
    """The best columns of a row by value minus penalty, as many as there is room for."""
    width, rank = len(row), len(scores)
    filled = 0
    for b in range(rank):
        filled = _place(scores, columns, filled, row[b] - penalty[b], b)
    at = rank
    while at < width:
        stop = min(at + _CHUNK, width)
        if stop - at == _CHUNK:
            hits, least = 0, scores[rank - 1]
            for t in range(_CHUNK):
                hits += np.int32(row[at + t] - penalty[at + t] > least)
            if hits == 0:
                at = stop
                continue
        for b in range(at, stop):
            score = row[b] - penalty[b]
            if score > scores[rank - 1]:
                _place(scores, columns, rank, score, b)
        at = stop


@compiled
def ranked_of_rows(matrix, penalty, ranks, chosen):
    """For each row the column of its rank by ``matrix - penalty``; ties to the left."""
    most = 1
    for rank in ranks:
        most = max(most, rank)
    scores, columns = np.empty(most, np.float32), np.empty(most, np.int64)
    for i in range(len(matrix)):
        rank = ranks[i]
        _rank_row(matrix[i], penalty, scores[:rank], columns[:rank])
        chosen[i] = columns[rank - 1]


@compiled
def score_of_ranks(matrix, penalty, ranks, found):
    """For each row the scores of some ranks, the same for all, by ``matrix - penalty``."""
    most = ranks.max()
    scores, columns = np.empty(most, np.float32), np.empty(most, np.int64)
    for i in range(len(matrix)):
        _rank_row(matrix[i], penalty, scores, columns)
        for number in range(len(ranks)):
            found[number, i] = scores[ranks[number] - 1]
