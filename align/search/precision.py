"""Precision at 1 on held-out pairs among frequent words: to choose; eval bli is for reports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from align.vecmap.induce.arrays import FloatMatrix
from align.vecmap.induce.induction import largest_of_rows, match_rows
from align.vecmap.pairs import PairRows
from x2static.core.normalize import unit
from x2static.core.scores.intervals import Interval, few, share_interval, shown

_NEIGHBORS = 10
WORDS = 20_000


class Precision(NamedTuple):
    """Share of covered source words whose first answer is one of their translations."""

    nearest: float
    csls: float
    words: int

    def __str__(self) -> str:
        nearest = f"{100 * self.nearest:.2f} {shown(self._interval(self.nearest))}"
        return f"P@1 {nearest} nearest, {self.csls_shown} CSLS ({self.words:,} words)"

    @property
    def csls_shown(self) -> str:
        """CSLS P@1 in percent with its interval."""
        return f"{100 * self.csls:.2f} {shown(self._interval(self.csls))}"

    @property
    def doubt(self) -> str | None:
        """A warning where it is of few words."""
        return few(self.words, "held-out words")

    def intervals(self) -> dict[str, Interval | None]:
        """JSON-ready 95 % intervals by figure."""
        return {"nearest": self._interval(self.nearest), "csls": self._interval(self.csls)}

    def _interval(self, share: float) -> Interval | None:
        return share_interval(share, self.words)


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
