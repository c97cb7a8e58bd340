"""Exact nearest rows of a mapped matrix: float32 products choose, float64 cosines rank."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from x2static.core.vectors import FloatMatrix
from x2static.explore.language import LanguageVectors

Rows = NDArray[np.int64]
_ROWS = 8192  # of a block that is converted, where the file holds float16
_SLACK = 16  # looked at beyond what is asked for, so that the rounding of float32 does not matter


class Nearest(NamedTuple):
    """The nearest rows, best first.

    Attributes:
        rows: (K,) rows of the language.
        cosines: (K,) their cosines with the query, float64.
    """

    rows: Rows
    cosines: NDArray[np.float64]


def nearest(
    language: LanguageVectors, query: FloatMatrix, count: int, without: int = -1
) -> Nearest:
    """The ``count`` nearest of all rows by cosine.

    Args:
        language: where to look.
        query: (D,) of length 1.
        count: how many; with fewer rows, all of them.
        without: a row that is left out, the query's own.
    """
    scores = products(language, query[:, None])[:, 0]
    scores /= np.where(language.lengths > 0, language.lengths, 1)
    wanted = min(count + _SLACK, len(scores))
    rows = np.argpartition(-scores, wanted - 1)[:wanted] if wanted else np.arange(0)
    return ranked(language, query, rows, count, without)


def products(language: LanguageVectors, queries: FloatMatrix) -> FloatMatrix:
    """(N, Q) inner products of all rows with the columns of ``queries``, (D, Q)."""
    if language.matrix.dtype == np.float32:
        whole: FloatMatrix = language.matrix @ queries
        return whole
    found = np.empty((len(language), queries.shape[1]), dtype=np.float32)
    for start in range(0, len(found), _ROWS):
        block = language.matrix[start : start + _ROWS].astype(np.float32)
        np.matmul(block, queries, out=found[start : start + _ROWS])
    return found


def ranked(
    language: LanguageVectors, query: FloatMatrix, rows: Rows, count: int, without: int = -1
) -> Nearest:
    """The nearest of the given rows by cosines in float64; of equals the more frequent first."""
    rows = rows[rows != without]
    if len(rows) > count + _SLACK:  # float32 is enough to see most of them off
        near = language.matrix[rows].astype(np.float32, copy=False)
        squares = np.einsum("kd,kd->k", near, near)
        rough = (near @ query) / np.sqrt(np.where(squares > 0, squares, 1))
        rows = rows[np.argpartition(-rough, count + _SLACK)[: count + _SLACK]]
    found = language.matrix[rows].astype(np.float64)
    lengths = np.sqrt(np.einsum("kd,kd->k", found, found))
    # One row at a time is summed in one order, whichever rows are looked at.
    cosines = np.einsum("kd,d->k", found, query.astype(np.float64))
    cosines /= np.where(lengths > 0, lengths, 1)
    order = np.lexsort((rows, -cosines))[:count]
    return Nearest(rows[order], cosines[order])
