"""Own states and contexts as rows of a table, worked out from sums when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from x2static.core.normalize import unit

Matrix = NDArray[np.float32]
Counts = NDArray[np.int64]

ROWS_AT_ONCE = 1024
_ROGUE = 3.0


def some_rows(size: int, at_once: int = ROWS_AT_ONCE) -> Iterator[slice]:
    """Rows of a table, some at a time."""
    return (slice(first, min(first + at_once, size)) for first in range(0, size, at_once))


@dataclass(frozen=True)
class RowMap:
    """Rows worked out from sums when they are asked for: ((sum / number) - mean) A + shift.

    Attributes:
        sums: (V, D) sum of each word's states.
        number: (V,) how many there were; without any, the row is zero.
        mean: (D,) mean of all of them.
        factor: (D, D), or (D,) for a diagonal.
        shift: (D,).
        unit: whether rows are brought to length 1.
    """

    sums: Matrix
    number: Counts
    mean: Matrix
    factor: Matrix
    shift: Matrix
    unit: bool

    def rows(self, part: slice = slice(None)) -> Matrix:
        """(B, D) some of the rows."""
        number = self.number[part]
        centered = _centered(self.sums[part], number, self.mean)
        is_full = self.factor.ndim == 2
        rows = np.asarray(
            centered @ self.factor if is_full else centered * self.factor, dtype=np.float32
        )
        rows[number > 0] += self.shift
        return unit(rows) if self.unit else rows


def solve_contexts(sums: Matrix, met: Counts, spread: NDArray[np.float64], ridge: float) -> RowMap:
    """(V, D) S^-1 (m_w - m) from the sums of contexts; a word without context is a zero row.

    Args:
        sums: (V, D) sum of each word's contexts.
        met: (V,) how many there were.
        spread: (D, D) sum of c c' over all contexts.
        ridge: added to the diagonal of S, in mean variances.
    """
    mean = _mean(sums, met)
    covariance = spread / max(int(met.sum()), 1) - np.outer(mean, mean)
    level = max(float(np.trace(covariance)) / len(covariance), 1e-12)
    covariance[np.diag_indices_from(covariance)] += ridge * level
    inverse = np.linalg.inv(covariance).astype(np.float32)
    return RowMap(
        sums, met, mean.astype(np.float32), inverse, np.zeros_like(inverse[0]), unit=False
    )


def remove_common_component(sums: Matrix, seen: Counts, mean_share: float) -> RowMap:
    """(V, D) mean own states of unit length, without what all words have in common.

    In many encoders a mean vector and a few rogue dimensions drown everything else. The mean of
    all occurrences is taken out as far as it makes up more than ``mean_share`` of the rows' mean
    square length, and a dimension that spreads over three times the median is scaled back to that.
    """
    mean = _mean(sums, seen)
    squares = np.zeros(len(mean))
    for part in some_rows(len(sums)):
        centered = _centered(sums[part], seen[part], mean.astype(np.float32))
        squares += np.square(centered, dtype=np.float64).sum(axis=0)
    spread = np.sqrt(squares / len(sums))
    limit = _ROGUE * np.median(spread)
    scale = np.where(spread > limit, limit / np.maximum(spread, 1e-12), 1.0)
    common = mean * scale
    energy = np.square(spread * scale).sum()
    kept = np.sqrt(mean_share * energy / ((1 - mean_share) * max(float(common @ common), 1e-12)))
    shift = (min(1.0, kept) * common).astype(np.float32)
    return RowMap(sums, seen, mean.astype(np.float32), scale.astype(np.float32), shift, unit=True)


def _mean(sums: Matrix, number: Counts) -> NDArray[np.float64]:
    mean: NDArray[np.float64] = sums.sum(axis=0, dtype=np.float64) / max(int(number.sum()), 1)
    return mean


def _centered(sums: Matrix, number: Counts, mean: Matrix) -> Matrix:
    divisor = np.maximum(number, 1).astype(np.float32)
    rows: Matrix = np.subtract(sums / divisor[:, None], mean, dtype=np.float32)
    rows[number == 0] = 0
    return rows
