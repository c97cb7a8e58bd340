"""Find each word's translation in a shared space: the plain way, for small spaces and odd rows.

Score of source word i and target word j: cos(i, j) - r(j)/2 forward, cos(i, j) - r(i)/2 backward,
where r is the mean of the K largest cosines of a word (CSLS; the word's own term cannot change its
own ranking and is left out). A word's match is the candidate of the rank that was drawn for it.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from align.vecmap.induce.arrays import FloatMatrix, FloatVector, Rows

_BLOCK_ENTRIES = 1 << 22
_HALF = np.float32(0.5)


class Ranks(NamedTuple):
    """Which candidate each word takes: 1 the best, 2 the second, and so on."""

    forward: Rows
    backward: Rows


class Induction(NamedTuple):
    """The matches of both sides, and how close the best ones are.

    Attributes:
        forward: target row for each source row.
        backward: source row for each target row.
        forward_objective: mean over the source words of the largest cosine.
        backward_objective: the same over the target words.
    """

    forward: Rows
    backward: Rows
    forward_objective: float
    backward_objective: float


class Inducer(Protocol):
    """Something that finds matches in a shared space, again and again."""

    def induce(self, source: FloatMatrix, target: FloatMatrix, ranks: Ranks) -> Induction:
        """The matches of the given ranks."""
        ...

    def state(self) -> dict[str, NDArray[np.float32]]:
        """What a resumed run needs to continue with the same numbers."""
        ...

    def restore(self, state: dict[str, NDArray[np.float32]]) -> None:
        """Resume from a `state`."""
        ...


def first_ranks(num_source: int, num_target: int) -> Ranks:
    """The best candidate for every word."""
    return Ranks(np.ones(num_source, np.int64), np.ones(num_target, np.int64))


def draw_ranks(rng: np.random.Generator, keep: float, num_source: int, num_target: int) -> Ranks:
    """Ranks as if every similarity had been dropped with probability 1 - keep, independently.

    The best survivor of a row is its R-th best entry with P(R = r) = keep (1 - keep)^(r - 1): one
    number per row stands for a mask of the whole row. Where a row has fewer entries than its rank
    (all dropped), it takes its last.
    """
    if keep >= 1:
        return first_ranks(num_source, num_target)
    forward = np.minimum(rng.geometric(keep, num_source), num_target)
    return Ranks(forward, np.minimum(rng.geometric(keep, num_target), num_source))


class PlainInducer:
    """All similarities at once: exact and simple, for small vocabularies."""

    def __init__(self, csls: int) -> None:
        """Prepare.

        Args:
            csls: K of the correction; 0 means plain cosine.
        """
        self._csls = csls

    def induce(self, source: FloatMatrix, target: FloatMatrix, ranks: Ranks) -> Induction:
        """The matches of the given ranks, from one matrix of similarities."""
        similarity = source @ target.T
        turned = np.ascontiguousarray(similarity.T)
        best, means = _tops(similarity, self._csls)
        best_back, means_back = _tops(turned, self._csls)
        return Induction(
            rank_match(similarity, means_back * _HALF, ranks.forward),
            rank_match(turned, means * _HALF, ranks.backward),
            float(best.mean(dtype=np.float64)),
            float(best_back.mean(dtype=np.float64)),
        )

    def state(self) -> dict[str, NDArray[np.float32]]:
        """Nothing is carried from one call to the next."""
        return {}

    def restore(self, state: dict[str, NDArray[np.float32]]) -> None:
        """Nothing to restore."""


def rank_match(similarity: FloatMatrix, penalty: FloatVector, ranks: Rows) -> Rows:
    """For each row the column of the given rank by ``similarity - penalty``; ties to the left."""
    from align.compiled.rows import ranked_of_rows

    chosen = np.empty(len(similarity), np.int64)
    ranked_of_rows(similarity, penalty.astype(np.float32, copy=False), ranks, chosen)
    return chosen


def match_rows(
    queries: FloatMatrix, candidates: FloatMatrix, penalty: FloatVector, ranks: Rows
) -> Rows:
    """Like `rank_match` for rows not yet multiplied, in blocks of bounded memory."""
    size = max(1, _BLOCK_ENTRIES // len(candidates))
    parts = [
        rank_match(queries[at : at + size] @ candidates.T, penalty, ranks[at : at + size])
        for at in range(0, len(queries), size)
    ]
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def largest_of_rows(
    queries: FloatMatrix, candidates: FloatMatrix, count: int
) -> tuple[FloatVector, FloatVector]:
    """Largest similarity and mean of the ``count`` largest of each query, in blocks."""
    size = max(1, _BLOCK_ENTRIES // len(candidates))
    best = np.empty(len(queries), np.float32)
    means = np.empty(len(queries), np.float32)
    for at in range(0, len(queries), size):
        here = slice(at, at + size)
        best[here], means[here] = _tops(queries[here] @ candidates.T, count)
    return best, means


def _tops(similarity: FloatMatrix, count: int) -> tuple[FloatVector, FloatVector]:
    """Largest entry of each row and mean of the ``count`` largest, which is 0 for a count of 0."""
    from align.compiled.rows import top_of_rows

    best, means = (np.empty(len(similarity), np.float32) for _ in range(2))
    wanted = max(1, min(count, similarity.shape[1]))
    top_of_rows(similarity, wanted, best, means)
    return best, means if count else np.zeros_like(means)
