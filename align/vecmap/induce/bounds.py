"""Bounds that let the tiled search drop nearly all entries: guesses, checked after each pass."""

from __future__ import annotations

import math

import numpy as np

from align.vecmap.induce.arrays import FloatMatrix, FloatVector, Rows

_SAMPLE = 2048
_NEAR, _FAR = 5, 20
_MUCH, _LITTLE = 8e-3, 4e-3
_MOST_MARGIN = np.float32(0.1)


class Bounds:
    """What is known of one side's words from the pass before.

    Attributes:
        top: (N,) a cosine that somewhat more than K others reach.
        level: (N,) with ``slope``, the expected score of a rank: level - slope ln(rank).
        slope: (N,) how fast the scores fall with the rank.
        bias: (N,) half the CSLS mean that these scores were made with.
        margin: (1,) how much lower than expected a bound is set; adapts from call to call.
    """

    def __init__(self, size: int) -> None:
        """Nothing is known yet: no score is kept."""
        self.top: FloatVector = np.full(size, np.inf, np.float32)
        self.level: FloatVector = np.full(size, np.inf, np.float32)
        self.slope: FloatVector = np.full(size, 0.02, np.float32)
        self.bias: FloatVector = np.zeros(size, np.float32)
        self.margin: FloatVector = np.full(1, 0.02, np.float32)


def wanted_bounds(side: Bounds, ranks: Rows) -> FloatVector:
    """For each word the score that somewhat more entries than its rank should reach.

    Lower by a margin, since the words' scores move from one call to the next.
    """
    wanted = np.log(1.5 * ranks + 8).astype(np.float32)
    bounds: FloatVector = side.level - side.slope * wanted - side.margin
    return bounds


def adapt_margin(side: Bounds, missing_share: float) -> None:
    """Keep the share of words without proof small, but not at the price of long lists."""
    if missing_share > _MUCH:
        side.margin = np.minimum(side.margin * np.float32(1.3) + np.float32(0.001), _MOST_MARGIN)
    elif missing_share < _LITTLE:
        side.margin = side.margin * np.float32(0.93)


def sampled_top(side: Bounds, queries: FloatMatrix, others: FloatMatrix, count: int) -> None:
    """First bounds for the largest cosines, from a sample of the other side."""
    sample = others[_sample(len(others))]
    share = len(sample) / len(others)
    expected = count * share
    rank = math.ceil(expected + 2.5 * math.sqrt(expected) + 2 * (share < 1))
    side.top = _ranked(queries, sample, np.zeros(len(sample), np.float32), (rank,))[0]


def sampled_line(
    side: Bounds, queries: FloatMatrix, others: FloatMatrix, bias: FloatVector
) -> None:
    """Expected scores by rank, from a sample of the other side; rather too low than too high."""
    chosen = _sample(len(others))
    share = len(chosen) / len(others)
    near, far = _ranked(queries, others[chosen], bias[chosen], (_NEAR, _FAR))
    slope = np.maximum((near - far) / np.float32(math.log(_FAR / _NEAR)), 1e-4)
    margin = 0.5 if share < 1 else 0.1
    side.slope = slope.astype(np.float32)
    side.level = (near + slope * (math.log(_NEAR / share) - margin)).astype(np.float32)


def _sample(size: int) -> Rows:
    """Evenly spaced rows, so that frequent and rare words are seen alike."""
    return np.unique(np.linspace(0, size - 1, min(size, _SAMPLE)).astype(np.int64))


def _ranked(
    queries: FloatMatrix, sample: FloatMatrix, penalty: FloatVector, ranks: tuple[int, ...]
) -> list[FloatVector]:
    """The scores of some ranks within the sample, for each query."""
    from align.compiled.rows import score_of_ranks

    wanted = np.array([min(rank, len(sample)) for rank in ranks], np.int64)
    found = np.empty((len(ranks), len(queries)), np.float32)
    for at in range(0, len(queries), 2048):
        here = slice(at, at + 2048)
        score_of_ranks(queries[here] @ sample.T, penalty, wanted, found[:, here])
    return list(found)
