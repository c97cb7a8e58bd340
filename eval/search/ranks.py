"""The rank of the best gold translation of each query, by counting the candidates above it.

A candidate is scored cos(q, z), or for CSLS 2 cos(q, z) - r(z): the query's own term of CSLS is
the same for all candidates and cannot change a rank. Scores are compared in float32 first and,
where rounding could matter, in float64; equal scores rank the more frequent word (lower row) first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eval.search.hubness import Floats, Penalty, exact_dots, rounding
from eval.search.index import Rows
from x2static.core.vectors import FloatMatrix

_BLOCK_SCORES = 1 << 26  # 256 MiB of float32
_MOST_OPEN = 1 << 24
_AT_LEAST_AT_ONCE = 4


@dataclass
class _Open:
    """A query whose rank is not settled: candidates that may or may not stand above its gold."""

    query: int
    gold_score: float
    gold_row: int
    above: int
    rows: Rows
    scores: Floats  # without the penalty


class GoldRanks:
    """Ranks gold translations among all targets, asking for as little hubness as it can."""

    def __init__(self, targets: FloatMatrix, penalty: Penalty, depth: int) -> None:
        """Rank among the unit rows of ``targets``.

        Args:
            targets: (N, D) the candidates.
            penalty: `Hubness` for CSLS, `NoPenalty` for cosine (`eval.search.hubness`).
            depth: ranks up to here are exact. A deeper one is exact too where every penalty is
                known, else it is more than ``depth`` and counted with estimates.
        """
        self._targets, self._penalty, self._depth = targets, penalty, depth
        self._slack = penalty.weight * rounding(targets.shape[1])

    def rank(self, queries: FloatMatrix, golds: Sequence[Rows]) -> Rows:
        """Rank from 1 (B,) of the best gold row of each query (B, D); each has at least one."""
        self._penalty.know(np.unique(np.concatenate(golds)))
        ranks = np.empty(len(queries), dtype=np.int64)
        step = max(1, _BLOCK_SCORES // len(self._targets))
        pending: list[_Open] = []
        for start in range(0, len(queries), step):
            block = slice(start, start + step)
            pending += self._compare(queries[block], golds[block], start)
            is_last = start + step >= len(queries)
            if is_last or sum(len(one.rows) for one in pending) > _MOST_OPEN:
                self._settle(queries, pending, ranks)
                pending = []
        return ranks

    def _compare(self, queries: FloatMatrix, golds: Sequence[Rows], first: int) -> list[_Open]:
        """Count the candidates that certainly stand above the gold, list those that may."""
        values, is_known = self._penalty.values, self._penalty.is_known
        # (B, N) the extended inner product [w q, 1] . [z, -r(z)]
        scores = (np.float32(self._penalty.weight) * queries) @ self._targets.T
        scores -= values.astype(np.float32)
        pending = []
        for row, gold in enumerate(golds):
            best_score, best_row = self._best_gold(queries[row], gold)
            rows = np.flatnonzero(scores[row] >= best_score - self._slack)
            certain = is_known[rows] & (scores[row, rows] > best_score + self._slack)
            above, rows = int(np.count_nonzero(certain)), rows[~certain]
            plain = scores[row, rows] + values[rows]
            pending.append(_Open(first + row, best_score, best_row, above, rows, plain))
        return pending

    def _settle(self, queries: FloatMatrix, pending: list[_Open], ranks: Rows) -> None:
        """Ask for penalties until each rank is exact or beyond the depth; write the ranks."""
        while pending:
            still, deep = [], []
            for one in pending:
                self._resolve(one, queries[one.query])
                if not len(one.rows):
                    ranks[one.query] = one.above + 1
                elif one.above >= self._depth:
                    deep.append(one)
                else:
                    still.append(one)
            guess = self._penalty.estimate() if deep else self._penalty.values
            for one in deep:
                above = one.above + np.count_nonzero(one.scores - guess[one.rows] > one.gold_score)
                ranks[one.query] = above + 1
            if still:
                self._penalty.know(np.concatenate([self._most_dangerous(one) for one in still]))
            pending = still

    def _resolve(self, one: _Open, query: FloatMatrix) -> None:
        """Count the open candidates whose penalty is known by now, drop them from the list."""
        known = self._penalty.is_known[one.rows]
        margin = one.scores - self._penalty.values[one.rows] - one.gold_score
        one.above += int(np.count_nonzero(known & (margin > self._slack)))
        near = one.rows[known & (np.abs(margin) <= self._slack)]
        if len(near):
            exact = self._exact_scores(query, near)
            ties = (exact == one.gold_score) & (near < one.gold_row)
            one.above += int(np.count_nonzero((exact > one.gold_score) | ties))
        stays = ~known & (margin >= -self._slack)
        one.rows, one.scores = one.rows[stays], one.scores[stays]

    def _most_dangerous(self, one: _Open) -> Rows:
        """The open candidates with the highest bounds, as many as could settle the query."""
        count = max(self._depth - one.above, _AT_LEAST_AT_ONCE)
        if len(one.rows) <= count:
            return one.rows
        bound = one.scores - self._penalty.values[one.rows]
        return one.rows[np.argpartition(-bound, count)[:count]]

    def _best_gold(self, query: FloatMatrix, golds: Rows) -> tuple[float, int]:
        """Score and row of the gold that ranks first."""
        rows = np.sort(golds)
        scores = self._exact_scores(query, rows)
        best = int(np.argmax(scores))
        return float(scores[best]), int(rows[best])

    def _exact_scores(self, query: FloatMatrix, rows: Rows) -> Floats:
        cosines = exact_dots(self._targets[rows], query)
        return self._penalty.weight * cosines - self._penalty.values[rows]
