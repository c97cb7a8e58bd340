"""Which sentences were seen before, at eight bytes each."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

_LARGEST_MERGE = 1 << 24  # hashes; bounds the memory that a merge takes for a moment to 2 x 128 MB


def hash_sentence(sentence: bytes) -> bytes:
    """Eight bytes that stand for a sentence, the same on every machine and in every run."""
    return hashlib.blake2b(sentence, digest_size=8).digest()


class SeenHashes:
    """A growing set of 64-bit hashes as a few sorted arrays.

    Two different sentences share a hash with a probability of n^2 / 2^65 over n sentences: about
    one in 37 that it happens once among a thousand million.
    """

    def __init__(self) -> None:
        self._runs: list[Hashes] = []

    def __len__(self) -> int:
        return sum(map(len, self._runs))

    @property
    def nbytes(self) -> int:
        """Memory the set holds."""
        return sum(run.nbytes for run in self._runs)

    def add(self, hashes: Hashes) -> NDArray[np.bool_]:
        """Mark which of ``hashes`` are new (their first occurrence), and remember them."""
        distinct, first = np.unique(hashes, return_index=True)
        is_new = np.ones(len(distinct), dtype=bool)
        for run in self._runs:
            # the run is never empty, and a place past its end can only be a miss
            places = np.minimum(np.searchsorted(run, distinct), len(run) - 1)
            is_new &= run[places] != distinct
        if is_new.any():
            self._runs.append(distinct[is_new])
            self._merge()
        mask = np.zeros(len(hashes), dtype=bool)
        mask[first[is_new]] = True
        return mask

    def _merge(self) -> None:
        """Keep the runs few: each is at least twice as long as the next, up to a bound."""
        while len(self._runs) > 1:
            last, previous = self._runs[-1], self._runs[-2]
            total = len(last) + len(previous)
            if len(previous) >= 2 * len(last) or total > _LARGEST_MERGE:
                return
            del self._runs[-2:]
            merged = np.concatenate([previous, last])
            merged.sort(kind="stable")  # timsort merges two sorted runs in linear time
            self._runs.append(merged)
