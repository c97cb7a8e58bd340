"""Where words of a vocabulary stand in text that is already cut into pieces.

A word's pieces are looked up as a whole, by a hash of every run of pieces, between two places where
a word may begin or end. So any text will do, prepared or raw, and nothing is kept on disk.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from continued_pretraining.objectives.word_alignment.word_pool import LanguageWords

Ids = NDArray[np.int64]
_LONGEST = 8  # pieces; longer words are too rare to matter
_BASE = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class FoundWords:
    """Occurrences in one sequence.

    Attributes:
        starts: (F,) first piece of each.
        lengths: (F,) number of pieces.
        words: (F,) which word of the language.
    """

    starts: Ids
    lengths: Ids
    words: Ids


class WordFinder:
    """Finds the words of one language."""

    def __init__(self, words: LanguageWords, begins_word: NDArray[np.bool_]) -> None:
        """Hash the words; ``begins_word`` says of each piece whether a word ends before it."""
        self._begins = begins_word
        self._tables: list[tuple[NDArray[np.uint64], Ids]] = []
        offsets, lengths = words.pieces.offsets, words.pieces.lengths
        for length in range(1, _LONGEST + 1):
            rows = np.flatnonzero(lengths == length)
            runs = words.pieces.ids[offsets[rows][:, None] + np.arange(length)]
            keys = _hash_runs(runs.astype(np.uint64))
            order = np.argsort(keys, kind="stable")
            self._tables.append((keys[order], rows[order]))

    def find(self, ids: Ids) -> FoundWords:
        """The occurrences in a sequence; of several that begin at one place the longest counts."""
        ends = np.append(self._begins[ids], True)
        best_length = np.zeros(len(ids), dtype=np.int64)
        best_word = np.full(len(ids), -1, dtype=np.int64)
        for length, (keys, rows) in enumerate(self._tables, start=1):
            starts = np.arange(len(ids) - length + 1)
            if not len(starts) or not len(keys):
                continue
            starts = starts[ends[starts] & ends[starts + length]]
            hashes = _hash_runs(ids[starts[:, None] + np.arange(length)].astype(np.uint64))
            places = np.searchsorted(keys, hashes)
            places[places == len(keys)] = 0
            is_word = keys[places] == hashes
            best_length[starts[is_word]] = length
            best_word[starts[is_word]] = rows[places[is_word]]
        starts = np.flatnonzero(best_word >= 0)
        return FoundWords(starts, best_length[starts], best_word[starts])


def _hash_runs(runs: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """(F,) one number per row."""
    value = np.zeros(len(runs), dtype=np.uint64)
    for column in range(runs.shape[1]):
        value = (value ^ (runs[:, column] + np.uint64(1))) * _BASE
        value ^= value >> np.uint64(29)
    return value
