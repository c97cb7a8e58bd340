"""Which source transfers best to a target: a ridge regression over distances, and its error.

What is predicted is how much better or worse a source does than the mean of all sources for the
same target, since only the order of sources for a target matters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
_FIRST = 3  # of NDCG


@dataclass(frozen=True)
class Ranker:
    """Weights of standardised features.

    Attributes:
        weights: (F,) of the features.
        mean: (F,) taken off first.
        scale: (F,) divided by.
    """

    weights: Values
    mean: Values
    scale: Values

    def predict(self, features: Values) -> Values:
        """(N,) from (N, F); higher is better."""
        found: Values = ((features - self.mean) / self.scale) @ self.weights
        return found


def features_for(
    tables: Sequence[Values], scores: Values | None, target: int, left_out: int | None
) -> Values:
    """(L, F) of every source: its distances to the target, and how well it does for others.

    An unknown distance is taken for the mean of the known ones. Scores of the target and of the
    language left out have no part in it.
    """
    columns = []
    for table in tables:
        column = np.array(table[:, target])
        known = np.isfinite(column)
        column[~known] = column[known].mean() if known.any() else 0.0
        columns.append(column)
    if scores is not None:
        others = np.array(scores)
        np.fill_diagonal(others, np.nan)
        for hidden in {target, left_out} - {None}:
            others[:, hidden] = np.nan
        columns.append(_means(others - _column_means(others)))
    return np.stack(columns, axis=1)


def learn(
    tables: Sequence[Values], scores: Values, ridge: float, left_out: int | None = None
) -> Ranker:
    """Weights from all known cells, one target's left out where its turn has come.

    Args:
        tables: (L, L) distances.
        scores: (L, L) source by target, NaN where nothing was measured.
        ridge: rows of data that the pull towards zero is worth.
        left_out: target whose scores count for nothing, neither as row nor as column.
    """
    rows, wanted = [], []
    for target in range(len(scores)):
        sources = _sources(scores, target)
        if target == left_out or len(sources) < 2:
            continue
        sources = sources[sources != left_out] if left_out is not None else sources
        if len(sources) < 2:
            continue
        features = features_for(tables, scores, target, left_out)[sources]
        rows.append(features - features.mean(axis=0))
        wanted.append(scores[sources, target] - scores[sources, target].mean())
    design, answers = np.concatenate(rows), np.concatenate(wanted)
    scale = design.std(axis=0)
    scale[scale < 1e-9] = 1.0
    design = design / scale
    square = design.T @ design + ridge * np.eye(design.shape[1])
    weights = np.linalg.solve(square, design.T @ answers)
    return Ranker(weights, np.zeros(design.shape[1]), scale)


@dataclass(frozen=True)
class Trial:
    """How a rule ranked the sources of a target that it had not seen.

    Attributes:
        regret: score of the best source less that of the one ranked first.
        ndcg: at 3, with gains as in LangRank: the best source 10, the next 9, and so on.
    """

    regret: float
    ndcg: float


def try_rule(
    scores: Values, target: int, rank: Callable[[NDArray[np.int64]], Values]
) -> Trial | None:
    """Rank the measured sources of a target and look; None with fewer than two.

    Args:
        scores: (L, L) source by target.
        target: the one that was left out.
        rank: sources to values, higher is better.
    """
    sources = _sources(scores, target)
    if len(sources) < 2:
        return None
    values = scores[sources, target]
    order = np.argsort(-rank(sources), kind="stable")
    gains = _gains(values)
    best = np.sort(gains)[::-1][:_FIRST]
    discount = 1 / np.log2(np.arange(2, 2 + len(best)))
    share = float((gains[order[: len(best)]] * discount).sum() / (best * discount).sum())
    return Trial(float(values.max() - values[order[0]]), share)


def _gains(values: Values, levels: int = 10) -> Values:
    """2^g - 1 with g = 10 for the best source, 9 for the next, down to 0; ties share the better."""
    rank = (values[None] > values[:, None]).sum(axis=1)
    found: Values = 2.0 ** np.maximum(levels - rank, 0) - 1
    return found


def _sources(scores: Values, target: int) -> NDArray[np.int64]:
    """Those measured for a target, itself left out."""
    known = np.isfinite(scores[:, target])
    known[target] = False
    return np.flatnonzero(known)


def _column_means(matrix: Values) -> Values:
    known = np.isfinite(matrix)
    found: Values = np.where(known, matrix, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return found


def _means(matrix: Values) -> Values:
    return _column_means(matrix.T)
