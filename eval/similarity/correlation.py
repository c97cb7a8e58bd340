"""How well two lists of numbers agree: Pearson, Spearman with ties, and their harmonic mean."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def average_ranks(values: ArrayLike) -> Floats:
    """Ranks from 1; equal values share the mean of the places they take."""
    numbers = np.asarray(values, dtype=np.float64)
    _, group, size = np.unique(numbers, return_inverse=True, return_counts=True)
    last = np.cumsum(size)
    ranks: Floats = (last - (size - 1) / 2)[group.reshape(-1)]
    return ranks


def pearson(first: ArrayLike, second: ArrayLike) -> float:
    """Linear correlation; NaN where one side is constant or there are fewer than two values."""
    a = np.asarray(first, dtype=np.float64)
    b = np.asarray(second, dtype=np.float64)
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return math.nan
    a, b = _centred(a), _centred(b)
    return float(np.clip(a @ b / math.sqrt((a @ a) * (b @ b)), -1, 1))


def spearman(first: ArrayLike, second: ArrayLike) -> float:
    """Correlation of the average ranks: the definition that is right with ties."""
    return pearson(average_ranks(first), average_ranks(second))


def harmonic_mean(first: float, second: float) -> float:
    """SemEval-2017's figure from Pearson and Spearman; 0 unless both are positive."""
    if math.isnan(first) or math.isnan(second):
        return math.nan
    return 2 * first * second / (first + second) if first > 0 and second > 0 else 0.0


def _centred(values: Floats) -> Floats:
    """Values around 0 with the largest at 1, so that squares neither vanish nor overflow."""
    centred: Floats = values - values.mean()
    centred /= np.abs(centred).max()
    return centred
