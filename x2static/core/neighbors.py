"""Exact nearest neighbours by inner product and by CSLS, block by block: the reference for FAISS.

Rows of unit length give cosines. The answers are exact in this sense: scores are summed in float64,
the ranking is the one of these scores, and equal scores are ordered by the row of the candidate. So
neither the size of a block nor the BLAS library changes an answer. Float32 products choose the
candidates worth a second look; where their rounding could have hidden one, all that lie within the
rounding error are looked at.

CSLS (Conneau et al. 2018): 2 cos(x, y) - r(x) - r(y), where r is the mean cosine of a row to its K
nearest rows of the other language.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from x2static.core.errors import ConfigError
from x2static.core.vectors import FloatMatrix

Indices = NDArray[np.int64]
Scores = NDArray[np.float32]
_Exact = NDArray[np.float64]

_QUERIES, _CANDIDATES = 256, 16384
# Looked at beyond k, so that the rounding of float32 rarely matters.
_SLACK = 16
_ROUNDING, _SMALLEST = 2.0**-24, 2.0**-149


class _Pool(NamedTuple):
    """The best candidates of some queries so far: one entry per pair, sorted by query."""

    rows: Indices
    columns: Indices
    scores: NDArray[np.float32]


def top_k(queries: FloatMatrix, candidates: FloatMatrix, k: int) -> tuple[Indices, Scores]:
    """The ``k`` candidates with the largest inner product for each query, best first.

    Args:
        queries: (N, D) rows; of unit length for cosines.
        candidates: (M, D) rows, likewise.
        k: neighbours per query; with fewer candidates, all of them.

    Returns:
        (N, K) rows of candidates and (N, K) float32 scores.
    """
    penalty = np.zeros(len(candidates))
    indices, scores = _search(queries, candidates, penalty, k)
    return indices, scores.astype(np.float32)


def mean_similarity(queries: FloatMatrix, candidates: FloatMatrix, k: int = 10) -> Scores:
    """Mean similarity of each query to its ``k`` nearest candidates: the r terms of CSLS, (N,)."""
    _, scores = _search(queries, candidates, np.zeros(len(candidates)), k)
    means: Scores = scores.mean(axis=1).astype(np.float32)
    return means


def csls_top_k(
    queries: FloatMatrix,
    candidates: FloatMatrix,
    k: int,
    *,
    query_means: Scores,
    candidate_means: Scores,
) -> tuple[Indices, Scores]:
    """The ``k`` candidates with the largest CSLS score for each query, best first.

    Args:
        queries: (N, D) rows of unit length.
        candidates: (M, D) rows of unit length.
        k: neighbours per query; with fewer candidates, all of them.
        query_means: (N,) `mean_similarity` of the queries to the candidates' language.
        candidate_means: (M,) `mean_similarity` of the candidates to the queries' language.
    """
    penalty = candidate_means.astype(np.float64) / 2
    indices, scores = _search(queries, candidates, penalty, k)
    return indices, (2 * scores - query_means[:, None]).astype(np.float32)


def _search(
    queries: FloatMatrix, candidates: FloatMatrix, penalty: _Exact, k: int
) -> tuple[Indices, _Exact]:
    """Best candidates by inner product minus penalty."""
    if k < 1:
        raise ConfigError(f"the number of neighbours must be at least 1, got {k}")
    if queries.shape[1] != candidates.shape[1]:
        raise ConfigError(
            f"cannot compare {queries.shape[1]}-wide with {candidates.shape[1]}-wide vectors"
        )
    if not len(candidates):
        raise ConfigError("there are no candidates to search among")
    k = min(k, len(candidates))
    indices = np.empty((len(queries), k), dtype=np.int64)
    scores = np.empty((len(queries), k), dtype=np.float64)
    largest = _largest_length(candidates)
    for start in range(0, len(queries), _QUERIES):
        block = np.ascontiguousarray(queries[start : start + _QUERIES], dtype=np.float32)
        here = slice(start, start + len(block))
        indices[here], scores[here] = _search_block(block, candidates, penalty, k, largest)
    return indices, scores


def _search_block(
    queries: FloatMatrix, candidates: FloatMatrix, penalty: _Exact, k: int, largest: float
) -> tuple[Indices, _Exact]:
    kept = min(k + _SLACK, len(candidates))
    pool = _float32_pool(queries, candidates, penalty, kept)
    columns = pool.columns.reshape(len(queries), kept)
    scores = _exact_scores(queries, candidates, penalty, columns)
    order = np.lexsort((columns, -scores), axis=1)[:, :k]
    columns, scores = np.take_along_axis(columns, order, 1), np.take_along_axis(scores, order, 1)
    if kept < len(candidates):
        floors = pool.scores.reshape(len(queries), kept)[:, -1].astype(np.float64)
        errors = _rounding_error(queries, largest, penalty)
        # What stayed outside the pool has at most its floor plus the error of its float32 score.
        for row in np.flatnonzero(scores[:, -1] <= floors + errors):
            least = scores[row, -1] - errors[row]
            columns[row], scores[row] = _search_row(queries[row], candidates, penalty, k, least)
    return columns, scores


def _float32_pool(
    queries: FloatMatrix, candidates: FloatMatrix, penalty: _Exact, kept: int
) -> _Pool:
    """The ``kept`` best candidates of each query by float32 scores, best first."""
    none = np.empty(0, dtype=np.int64)
    pool = _Pool(none, none, np.empty(0, dtype=np.float32))
    floor = np.full(len(queries), -np.inf, dtype=np.float32)
    for start in range(0, len(candidates), _CANDIDATES):
        tile = candidates[start : start + _CANDIDATES]
        scores = queries @ tile.T - penalty[start : start + _CANDIDATES].astype(np.float32)
        if len(tile) > kept:
            floor = np.maximum(floor, np.partition(scores, -kept, axis=1)[:, -kept])
        rows, columns = np.nonzero(scores >= floor[:, None])
        pool = _Pool(
            np.concatenate([pool.rows, rows]),
            np.concatenate([pool.columns, columns + start]),
            np.concatenate([pool.scores, scores[rows, columns]]),
        )
        pool = _best(pool, len(queries), kept)
        if start + len(tile) >= kept:
            floor = np.maximum(floor, pool.scores.reshape(len(queries), kept)[:, -1])
    return pool


def _best(pool: _Pool, queries: int, kept: int) -> _Pool:
    """The ``kept`` best entries of each query, sorted by query, score and candidate."""
    order = np.lexsort((pool.columns, -pool.scores, pool.rows))
    rows = pool.rows[order]
    first = np.searchsorted(rows, np.arange(queries))
    order = order[np.arange(len(rows)) - first[rows] < kept]
    return _Pool(pool.rows[order], pool.columns[order], pool.scores[order])


def _search_row(
    query: FloatMatrix, candidates: FloatMatrix, penalty: _Exact, k: int, least: float
) -> tuple[Indices, _Exact]:
    """One query again, over every candidate whose float32 score reaches ``least``."""
    rough = candidates @ query - penalty.astype(np.float32)
    columns = np.flatnonzero(rough >= least)
    scores = np.concatenate(
        [
            _exact_scores(query[None], candidates, penalty, part[None])[0]
            for part in np.array_split(columns, len(columns) // _CANDIDATES + 1)
        ]
    )
    order = np.lexsort((columns, -scores))[:k]
    return columns[order], scores[order]


def _exact_scores(
    queries: FloatMatrix, candidates: FloatMatrix, penalty: _Exact, columns: Indices
) -> _Exact:
    """(N, K) float64 scores of the given candidates."""
    scores = np.empty(columns.shape)
    for row, query in enumerate(queries.astype(np.float64)):
        rows = candidates[columns[row]].astype(np.float64)
        # One row at a time is summed in one order, wherever the row lies in the block.
        scores[row] = np.einsum("kd,d->k", rows, query)
    exact: _Exact = scores - penalty[columns]
    return exact


def _rounding_error(queries: FloatMatrix, largest: float, penalty: _Exact) -> _Exact:
    """An upper bound for the error of a float32 score of each query."""
    lengths = np.sqrt(np.einsum("nd,nd->n", queries, queries, dtype=np.float64))
    width = queries.shape[1]
    size = lengths * largest
    relative = (width + 2) * size + 2 * np.abs(penalty).max(initial=0.0)
    error: _Exact = _ROUNDING * relative + width * _SMALLEST
    return error


def _largest_length(candidates: FloatMatrix) -> float:
    lengths = [0.0]
    for start in range(0, len(candidates), _CANDIDATES):
        block = candidates[start : start + _CANDIDATES]
        lengths.append(float(np.einsum("nd,nd->n", block, block, dtype=np.float64).max()))
    return float(np.sqrt(max(lengths)))
