"""The sparse step of `StaticTable` as one compiled function, for processors.

The torch path moves the touched rows of three tables out and in again and holds every product of
scores and contexts; here each touched row is worked on where it lies. The sums are taken in the
same order whatever the number of threads, so that the same seed gives the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]


class Scratch:
    """What a step needs beside the tables: which slot a touched row has, and its gradient."""

    def __init__(self, size: int, width: int) -> None:
        """For a table of ``size`` rows."""
        self.slots: NDArray[np.int32] = np.full(size, -1, dtype=np.int32)
        self.width = width
        self.rows: Numbers = np.zeros(0, dtype=np.int64)
        self.gradient: Floats = np.zeros((0, width), dtype=np.float32)

    def reserve(self, rows: int) -> None:
        """Make room for as many touched rows."""
        rows = min(rows, len(self.slots))
        if len(self.rows) < rows:
            self.rows = np.zeros(rows, dtype=np.int64)
            self.gradient = np.zeros((rows, self.width), dtype=np.float32)


def take_step(
    tables: Sequence[Floats],
    targets: tuple[Floats, Numbers, Numbers],
    scratch: Scratch,
    rates: tuple[float, float, float, float],
    clamp: float,
) -> float:
    """Update table and moments in place; returns the loss before the step.

    Args:
        tables: (V, D) the table and its two moments.
        targets: (n, D) contexts, (n,) words, (n, K) negatives.
        scratch: of this table.
        rates: step size with its bias correction, decay of both moments, epsilon.
        clamp: largest score that still learns.
    """
    context, words, negatives = targets
    scratch.reserve(len(words) * (1 + negatives.shape[1]))
    return float(
        _step(
            *tables, context, words, negatives, scratch.slots, scratch.rows, scratch.gradient,
            *(np.float32(rate) for rate in rates), clamp,
        )
    )  # fmt: skip


@njit(nogil=True, cache=True, fastmath={"reassoc", "contract", "nsz"})  # type: ignore[untyped-decorator]
def _dot(one: Floats, other: Floats) -> Any:
    total = np.float32(0)
    for d in range(len(one)):
        total += one[d] * other[d]
    return total


@njit(nogil=True, cache=True, fastmath={"contract"})  # type: ignore[untyped-decorator]
def _add(row: Floats, weight: Any, other: Floats) -> None:
    for d in range(len(row)):
        row[d] += weight * other[d]


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})  # type: ignore[untyped-decorator]
def _adam(
    row: Floats,
    first: Floats,
    second: Floats,
    gradient: Floats,
    rate: Any,
    beta1: Any,
    beta2: Any,
    epsilon: Any,
) -> None:
    one = np.float32(1)
    for d in range(len(row)):
        pull = gradient[d]
        one_moment = first[d] + (pull - first[d]) * (one - beta1)
        other = second[d] * beta2 + pull * pull * (one - beta2)
        row[d] -= rate * one_moment / (np.sqrt(other) + epsilon)
        first[d] = one_moment
        second[d] = other


@njit(nogil=True, cache=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _step(
    table: Floats,
    first: Floats,
    second: Floats,
    context: Floats,
    words: Numbers,
    negatives: Numbers,
    slots: NDArray[np.int32],
    rows: Numbers,
    gradient: Floats,
    rate: Any,
    beta1: Any,
    beta2: Any,
    epsilon: Any,
    clamp: float,
) -> float:
    count, touched, loss = len(words), 0, 0.0
    for i in range(count):
        for k in range(1 + negatives.shape[1]):
            row = words[i] if k == 0 else negatives[i, k - 1]
            sign = 1.0 if k == 0 else -1.0
            slot = slots[row]
            if slot < 0:
                slot = touched
                slots[row], rows[slot] = slot, row
                touched += 1
                gradient[slot] = 0
            signed = sign * _dot(context[i], table[row])
            clamped = min(max(signed, -clamp), clamp)
            loss += math.log1p(math.exp(-clamped))
            if clamped == signed:
                pull = np.float32(-sign / (1.0 + math.exp(clamped)) / count)
                _add(gradient[slot], pull, context[i])
    for slot in range(touched):
        row = rows[slot]
        slots[row] = -1
        _adam(table[row], first[row], second[row], gradient[slot], rate, beta1, beta2, epsilon)
    return loss / count
