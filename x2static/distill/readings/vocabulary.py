"""Which words get a vector, how often each is a target, how often a negative."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from x2static.core.errors import CorpusError

_SMALL_CORPORA = ((1_000_000, 10), (200_000, 5), (40_000, 3), (0, 2))


@dataclass(frozen=True)
class Vocabulary:
    """The words that get a vector, by falling count.

    Attributes:
        words: their spellings.
        counts: (V,) occurrences.
        rows: (N,) for every word number of the corpus its row here, or -1.
    """

    words: list[str]
    counts: NDArray[np.int64]
    rows: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.words)


def choose_min_count(tokens: int) -> int:
    """The least count for a corpus of this many tokens: 10, fewer where text is scarce."""
    return next(count for floor, count in _SMALL_CORPORA if tokens >= floor)


def select_vocabulary(
    words: list[str],
    counts: NDArray[np.int64],
    min_count: int,
    max_size: int,
    fold: Callable[[str], str] | None = None,
) -> Vocabulary:
    """Keep words seen at least ``min_count`` times, the ``max_size`` most frequent of them.

    Words of equal count stay in order of first appearance. ``fold`` (lower-casing, say) makes
    several spellings share one row.
    """
    spellings, group = words, np.arange(len(words))
    if fold is not None:
        numbers: dict[str, int] = {}
        group = np.array([numbers.setdefault(fold(word), len(numbers)) for word in words])
        spellings = list(numbers)
        counts = np.bincount(group, weights=counts, minlength=len(numbers)).astype(np.int64)
    order = np.argsort(-counts, kind="stable")
    kept = order[counts[order] >= min_count][:max_size]
    if not len(kept):
        raise CorpusError(
            f"no word occurs {min_count} times in {int(counts.sum()):,} tokens; lower --min-count"
        )
    rows = np.full(len(spellings), -1, dtype=np.int32)
    rows[kept] = np.arange(len(kept), dtype=np.int32)
    return Vocabulary([spellings[number] for number in kept], counts[kept], rows[group])


def keep_probability(counts: NDArray[np.int64], threshold: float) -> NDArray[np.float64]:
    """Chance that an occurrence is a target: min(1, sqrt(t/f) + t/f); all 1 for threshold 0.

    f is the word's share of all in-vocabulary tokens (Mikolov et al. 2013 as X2Static uses it).
    """
    if threshold <= 0:
        return np.ones(len(counts))
    ratio = threshold * counts.sum() / counts
    kept: NDArray[np.float64] = np.minimum(1.0, np.sqrt(ratio) + ratio)
    return kept


class NegativeSampler:
    """Draws words with probability proportional to count ** power, with replacement."""

    def __init__(self, counts: NDArray[np.int64], power: float) -> None:
        """Build Walker's alias table, so that one draw costs the same for any vocabulary."""
        weights = counts.astype(np.float64) ** power
        self._accept, self._alias = _alias_table(weights / weights.sum())

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.int64]:
        """Word rows of the given shape."""
        column = rng.integers(0, len(self._accept), size=shape)
        taken = rng.random(size=shape) < self._accept[column]
        return np.where(taken, column, self._alias[column])


def _alias_table(shares: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    scaled = shares * len(shares)
    accept, alias = np.ones(len(shares)), np.arange(len(shares))
    small = list(np.flatnonzero(scaled < 1))
    large = list(np.flatnonzero(scaled >= 1))
    while small and large:
        low, high = small.pop(), large[-1]
        accept[low], alias[low] = scaled[low], high
        scaled[high] -= 1 - scaled[low]
        if scaled[high] < 1:
            small.append(large.pop())
    return accept, alias
