"""A shuffle that needs no memory: any position of any permutation, computed when it is asked for.

A four-round Feistel network on the next power of four permutes at least the wanted range; results
outside it are sent through again until they fall inside. So the order of billions of items is known
from a key alone, and a resumed run needs no state but its step.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Positions = NDArray[np.int64]
Keys = NDArray[np.uint64]
_ROUNDS = 6
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


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


def shuffled_each(positions: Positions, sizes: Positions, keys: Keys) -> Positions:
    """As `shuffled`, but each position has a permutation of its own.

    Args:
        positions: (N,) numbers from 0 to ``sizes - 1``.
        sizes: (N,) how many items each permutation has.
        keys: (N,) one number for each that chooses it.
    """
    bits = np.maximum(1, (np.ceil(np.log2(np.maximum(sizes, 2))).astype(np.int64) + 1) // 2)
    halves, limits = bits.astype(np.uint64), np.asarray(sizes).astype(np.uint64)
    steps = np.arange(1, _ROUNDS + 1, dtype=np.uint64) * _GOLDEN
    rounds = [_mix(keys + step) for step in steps]
    values = np.asarray(positions).astype(np.uint64)
    outside = np.ones(len(values), dtype=bool)
    while outside.any():
        own = [key[outside] for key in rounds]
        values[outside] = _encrypt(values[outside], halves[outside], own)
        outside = values >= limits
    return values.astype(np.int64)


def mixed_key(*numbers: int | Positions) -> Keys:
    """(N,) one number for each row of the given numbers, which may be single ones or arrays."""
    key = np.zeros(1, dtype=np.uint64)
    for number in numbers:
        key = _mix(key * _GOLDEN + np.asarray(number).astype(np.uint64) + np.uint64(1))
    return key


def _encrypt(values: Keys, half: int | Keys, keys: Iterable[np.uint64 | Keys]) -> Keys:
    """One pass of the network over numbers of ``2 * half`` bits; it is one-to-one."""
    bits = np.asarray(half, dtype=np.uint64)
    mask = (np.uint64(1) << bits) - np.uint64(1)
    left, right = values >> bits, values & mask
    for key in keys:
        left, right = right, left ^ (_mix(right ^ key) & mask)
    joined: Keys = (left << bits) | right
    return joined


def _mix(values: Keys) -> Keys:
    """The finaliser of splitmix64: every input bit stirs every output bit."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: Keys = values ^ (values >> np.uint64(31))
    return mixed
