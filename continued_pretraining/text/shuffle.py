"""A shuffle that needs no memory: any position of any permutation, computed when it is asked for.

A four-round Feistel network on the next power of four permutes at least the wanted range; results
outside it are sent through again until they fall inside. So the order of billions of items is known
from a key alone, and a resumed run needs no state but its step.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Positions = NDArray[np.int64]
_ROUNDS = 6


def shuffled(positions: Positions, size: int, key: Sequence[int]) -> Positions:
    """Where a permutation of ``range(size)`` sends the given positions.

    Args:
        positions: numbers from 0 to ``size - 1``.
        size: how many items there are.
        key: non-negative numbers that choose the permutation.
    """
    half = max(1, (max(size - 1, 1).bit_length() + 1) // 2)
    keys = np.random.SeedSequence(list(key)).generate_state(_ROUNDS, np.uint64).astype(np.uint64)
    values = np.asarray(positions).astype(np.uint64)
    outside = np.ones(len(values), dtype=bool)
    while outside.any():
        values[outside] = _encrypt(values[outside], half, keys)
        outside = values >= size
    return values.astype(np.int64)


def _encrypt(values: NDArray[np.uint64], half: int, keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """One pass of the network over numbers of ``2 * half`` bits; it is one-to-one."""
    bits, mask = np.uint64(half), np.uint64((1 << half) - 1)
    left, right = values >> bits, values & mask
    for key in keys:
        left, right = right, left ^ (_mix(right ^ key) & mask)
    joined: NDArray[np.uint64] = (left << bits) | right
    return joined


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of splitmix64: every input bit stirs every output bit."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: NDArray[np.uint64] = values ^ (values >> np.uint64(31))
    return mixed
