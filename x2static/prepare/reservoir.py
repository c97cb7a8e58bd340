"""A uniform sample of fixed size from a stream of unknown length, in the order of the stream."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO

import numpy as np
from numpy.typing import NDArray

_SLACK = 1 << 16


class Reservoir:
    """Keeps the ``size`` items with the smallest random keys (bottom-k sampling).

    Every item draws one key; the kept ones are a uniform sample without replacement. Texts wait in
    a file, so that memory holds 24 bytes per candidate and nothing per item of the stream.
    """

    def __init__(self, size: int, seed: int, spool: IO[bytes]) -> None:
        """Begin.

        Args:
            size: items to keep at most.
            seed: of the keys; the same stream and seed give the same sample.
            spool: an empty binary file, written and read here; its owner closes it.
        """
        self._size, self._spool = size, spool
        self._rng = np.random.default_rng(seed)
        self._threshold = np.inf
        self._spooled = 0
        self._keys = np.empty(0, dtype=np.float64)
        self._places = np.empty(0, dtype=np.int64)  # line number in the spool
        self._groups = np.empty(0, dtype=np.int64)

    def add(self, texts: Sequence[bytes], groups: NDArray[np.int64]) -> None:
        """Offer items, none with a line end in it; ``groups`` are their paragraph numbers."""
        keys = self._rng.random(len(texts))
        chosen = np.flatnonzero(keys < self._threshold)
        if not len(chosen):
            return
        self._spool.write(b"\n".join([texts[index] for index in chosen.tolist()]) + b"\n")
        places = np.arange(self._spooled, self._spooled + len(chosen))
        self._spooled += len(chosen)
        self._keys = np.concatenate([self._keys, keys[chosen]])
        self._places = np.concatenate([self._places, places])
        self._groups = np.concatenate([self._groups, groups[chosen]])
        if len(self._keys) > self._size + max(self._size // 2, _SLACK):
            self._prune()

    def items(self) -> Iterator[tuple[bytes, int]]:
        """The sample with its paragraph numbers, in the order of the stream."""
        self._prune()
        self._spool.flush()
        self._spool.seek(0)
        wanted = zip(self._places.tolist(), self._groups.tolist(), strict=True)
        following = next(wanted, None)
        for place, line in enumerate(self._spool):
            if following is None:
                return
            if place == following[0]:
                yield line[:-1], following[1]
                following = next(wanted, None)

    def _prune(self) -> None:
        """Forget all candidates but the ``size`` with the smallest keys."""
        if len(self._keys) <= self._size:
            return
        # keys could tie only if two of 2^53 values met; the earlier item then wins
        order = np.argsort(self._keys, kind="stable")[: self._size]
        if self._size:
            self._threshold = float(self._keys[order[-1]])
        order.sort()
        self._keys, self._places = self._keys[order], self._places[order]
        self._groups = self._groups[order]
