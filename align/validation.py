"""Precision at 1 on held-back pairs among frequent words: to choose; eval bli is for reports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from align.vecmap.arrays import FloatMatrix
from align.vecmap.induction import largest_of_rows, match_rows
from align.vecmap.pairs import PairRows
from x2static.core.normalize import unit

_NEIGHBORS = 10
WORDS = 20_000


class Precision(NamedTuple):
    """Share of covered source words whose first answer is one of their translations."""

    nearest: float
    csls: float
    words: int


def mean_precision(scores: Sequence[Precision]) -> Precision:
    """Of several divisions of a dictionary; their words are added up."""
    nearest, csls, _ = np.mean(scores, axis=0).tolist()
    return Precision(nearest, csls, sum(score.words for score in scores))


def precision_at_one(source: FloatMatrix, target: FloatMatrix, pairs: PairRows) -> Precision:
    """Look each source word of the pairs up among the frequent target words and the pairs' own.

    Args:
        source: (N, K) mapped rows, most frequent first.
        target: (M, K) mapped rows.
        pairs: what is right; several targets for one source are all right.
    """
    near_rows, rows = (
        np.union1d(np.arange(min(len(side), WORDS)), chosen)
        for side, chosen in zip((source, target), pairs, strict=True)
    )
    words = np.unique(pairs.source)
    right = set(zip(pairs.source.tolist(), pairs.target.tolist(), strict=True))
    queries, near, candidates = unit(source[words]), unit(source[near_rows]), unit(target[rows])
    means = largest_of_rows(candidates, near, _NEIGHBORS)[1]
    scores = []
    for penalty in (np.zeros_like(means), means * np.float32(0.5)):
        best = rows[match_rows(queries, candidates, penalty, np.ones(len(words), np.int64))]
        hits = [pair in right for pair in zip(words.tolist(), best.tolist(), strict=True)]
        scores.append(float(np.mean(hits)))
    return Precision(scores[0], scores[1], len(words))
