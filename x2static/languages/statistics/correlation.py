"""Correlations over cells of matrices: weighted, ranked, with intervals over languages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Kind = Literal["pearson", "spearman"]
_AT_ONCE = 1 << 21  # numbers held at a time


def correlation(x: Values, y: Values, weights: Values | None = None) -> Values:
    """(B,) Pearson's over the last axis, over what is known of both; NaN where nothing varies.

    Args:
        x: (B, P) or (P,); NaN is unknown.
        y: likewise.
        weights: likewise; how much each counts.
    """
    x, y = np.atleast_2d(x), np.atleast_2d(y)
    w = np.isfinite(x) & np.isfinite(y)
    weight = w * (1.0 if weights is None else np.atleast_2d(weights))
    x, y = np.where(w, x, 0.0), np.where(w, y, 0.0)
    total = np.maximum(weight.sum(axis=1, keepdims=True), 1e-300)
    x = x - (weight * x).sum(axis=1, keepdims=True) / total
    y = y - (weight * y).sum(axis=1, keepdims=True) / total
    xx, yy, xy = ((weight * a * b).sum(axis=1) for a, b in ((x, x), (y, y), (x, y)))
    scale = np.sqrt(xx * yy)
    tiny = 1e-12 * np.maximum(xx, yy)
    found: Values = np.divide(xy, scale, out=np.full_like(xy, np.nan), where=scale > tiny)
    return np.clip(found, -1, 1)


def ranks(values: Values) -> Values:
    """(P,) ranks from 1, ties their mean; what is unknown stays so."""
    known = np.isfinite(values)
    found = np.full(values.shape, np.nan)
    _, where, counts = np.unique(values[known], return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    found[known] = ((ends - counts + 1 + ends) / 2)[where]
    return found


def of_kind(values: Values, kind: Kind) -> Values:
    """The values, or their ranks for Spearman's correlation."""
    return ranks(values) if kind == "spearman" else values


def naive_p(value: float, pairs: int, kind: Kind) -> float:
    """Two-sided p by Fisher's z, which takes all pairs for independent, as published tables do."""
    if pairs < 4 or math.isnan(value):
        return math.nan
    if abs(value) >= 1:
        return 0.0
    variance = (1.06 if kind == "spearman" else 1.0) / (pairs - 3)
    return math.erfc(abs(math.atanh(value)) / math.sqrt(2 * variance))


def over_languages(
    x: Values,
    y: Values,
    cells: tuple[NDArray[np.int64], NDArray[np.int64]],
    languages: int,
    kind: Kind,
    draws: int,
    seed: int,
) -> tuple[float, float] | None:
    """A 95 % bootstrap interval: languages, not pairs, are drawn with replacement.

    A pair counts as often as its first language was drawn times its second; pairs of a language
    with itself are left out. None where too few draws have a correlation.

    Args:
        x: (P,) values of the cells.
        y: likewise.
        cells: rows and columns of the cells.
        languages: how many there are.
        kind: Pearson's, or Spearman's over the ranks of all cells.
        draws: resamples.
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    both = np.isfinite(x) & np.isfinite(y)
    x, y = of_kind(np.where(both, x, np.nan), kind), of_kind(np.where(both, y, np.nan), kind)
    found: list[Values] = []
    step = max(1, _AT_ONCE // max(len(x), 1))
    for first in range(0, draws, step):
        size = min(step, draws - first)
        counts = rng.multinomial(languages, np.full(languages, 1 / languages), size)
        weights = (counts[:, cells[0]] * counts[:, cells[1]]).astype(np.float64)
        found.append(correlation(x[None], y[None], weights))
    values = np.concatenate(found)
    values = values[np.isfinite(values)]
    if len(values) < draws / 2:
        return None
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def holm(values: Sequence[float]) -> list[float]:
    """P values corrected for being many (Holm 1979); NaN stays and counts for nothing."""
    known = sorted((p, place) for place, p in enumerate(values) if not math.isnan(p))
    found = [math.nan] * len(values)
    highest = 0.0
    for rank, (p, place) in enumerate(known):
        highest = max(highest, min(1.0, p * (len(known) - rank)))
        found[place] = highest
    return found
