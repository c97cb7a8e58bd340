"""Which languages of a source have which keys: sets as bits, joined when a pair is drawn.

A key is a place in the sorted keys of all languages, a language a row of bits over these places,
and a pair of languages the bits that both rows have. So any of N languages' N (N - 1) / 2 pairs is
there without being made: a bit for each language and key, and two more to count in.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from continued_pretraining.text.shuffle import mixed_key

Bits = NDArray[np.uint16]
_WORD = 16
_ONES = np.array([number.bit_count() for number in range(1 << _WORD)], dtype=np.uint8)


class KeySets:
    """The keys of the languages of a source.

    Some keys are held back from training, in all languages together, so that no sentence of a
    held-out pair is learned from in another pair.
    """

    def __init__(self, keys: Mapping[int, NDArray[np.uint64]], seed: int) -> None:
        """Join; nothing is held back yet.

        Args:
            keys: (N,) sorted numbers of the keys of each language, by its number; read one after
                the other, so that they may lie on disk.
            seed: chooses what is held back.
        """
        everything = reduce(np.union1d, keys.values())
        self._row_of = {language: row for row, language in enumerate(keys)}
        self.size = len(everything)
        words = -(-max(self.size, 1) // _WORD)
        self._rows = np.zeros((len(keys), words), dtype=np.uint16)
        self._before = np.zeros((len(keys), words), dtype=np.uint32)
        for row, own in enumerate(keys.values()):
            self._rows[row] = _packed(np.searchsorted(everything, own), words)
            ones = _ONES[self._rows[row]]
            self._before[row] = np.cumsum(ones, dtype=np.uint32) - ones
        self._chances = (mixed_key(seed, everything.view(np.int64)) >> np.uint64(48)).astype("u2")
        self._held = np.zeros(words, dtype=np.uint16)

    def hold_back(self, share: float) -> None:
        """Keep a share of the keys from training."""
        limit = max(1, round(share * (1 << 16))) if share else 0
        self._held = _packed(np.flatnonzero(self._chances < limit), self._rows.shape[1])

    def counts(self, languages: int, *, held: bool) -> NDArray[np.int64]:
        """(L, L) keys that two of so many languages have in common; the diagonal is empty."""
        rows, numbers = self._rows & self._mask(held=held), list(self._row_of)
        found = np.zeros((languages, languages), dtype=np.int64)
        for place, (number, row) in enumerate(zip(numbers, rows, strict=True), 1):
            found[number, numbers[place:]] = _ONES[rows[place:] & row].sum(axis=1, dtype=np.int64)
        both: NDArray[np.int64] = found + found.T
        return both

    def choose(
        self, first: int, second: int, items: NDArray[np.int64], *, held: bool
    ) -> NDArray[np.int64]:
        """(P,) the n-th keys that two languages have in common, as places among all keys.

        Args:
            first: number of a language.
            second: of another.
            items: (P,) the numbers n, from 0.
            held: among the keys that are held back, or among the others.
        """
        one, other = self._row_of[first], self._row_of[second]
        words = self._rows[one] & self._rows[other] & self._mask(held=held)
        ends = np.cumsum(_ONES[words], dtype=np.int64)
        places = np.searchsorted(ends, items, side="right")
        bits = _unpacked(words[places])
        within = items - (ends[places] - bits.sum(axis=1))
        offset = np.argmax(np.cumsum(bits, axis=1) == within[:, None] + 1, axis=1)
        found: NDArray[np.int64] = places * _WORD + offset
        return found

    def places(self, language: int, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """(P,) where keys stand among a language's own, by their place among all; -1 for none."""
        row = self._row_of.get(language)
        if row is None:
            return np.full_like(keys, -1)
        words, offset = np.divmod(keys, _WORD)
        held = self._rows[row][words]
        below = held & ((1 << offset) - 1).astype(np.uint16)
        ranks = self._before[row][words].astype(np.int64) + _ONES[below]
        return np.where((held >> offset.astype(np.uint16)) & 1, ranks, -1)

    def _mask(self, *, held: bool) -> Bits:
        return self._held if held else ~self._held


def _packed(places: NDArray[np.int64], words: int) -> Bits:
    """The places as bits, the lowest first."""
    flags = np.zeros(words * _WORD, dtype=bool)
    flags[places] = True
    return np.packbits(flags, bitorder="little").view("<u2").astype(np.uint16)


def _unpacked(words: Bits) -> NDArray[np.int64]:
    """(P, 16) the bits of each word, the lowest first."""
    return ((words[:, None] >> np.arange(_WORD, dtype=np.uint16)) & 1).astype(np.int64)
