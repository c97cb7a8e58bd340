"""Gathers rows into one matrix, whatever file they come from, and checks each of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from x2static.core.formats.faults import Faults
from x2static.core.formats.words import are_legal, word_fault
from x2static.core.vectors import FloatMatrix, WordVectors


class RowCollector:
    """The words and the matrix read so far.

    The matrix is allocated once for the expected number of rows: the system hands out its pages as
    they are filled, so a header that promises too much costs address space, not memory.
    """

    def __init__(self, width: int, expected: int, limit: int | None, faults: Faults) -> None:
        """Begin empty.

        Args:
            width: numbers per row.
            expected: rows to make room for; more are taken all the same.
            limit: stop at this many rows, or None.
            faults: told of every row that cannot be used.
        """
        room = expected if limit is None else min(expected, limit)
        self._matrix: FloatMatrix = np.empty((room, width), dtype=np.float32)
        self._limit, self._faults = limit, faults
        self._number_of: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._number_of)

    @property
    def is_full(self) -> bool:
        """True once ``limit`` rows are in."""
        return self._limit is not None and len(self) >= self._limit

    def add_block(self, words: Sequence[str], values: FloatMatrix, first: int) -> None:
        """Take neighbouring rows; ``first`` is the line or row number of the first one."""
        if self._limit is not None:
            words, values = words[: self._limit - len(self)], values[: self._limit - len(self)]
        fresh = dict(zip(words, range(first, first + len(words)), strict=True))
        is_clean = (
            len(fresh) == len(words)
            and self._number_of.keys().isdisjoint(fresh)
            and are_legal(words)
            and bool(np.isfinite(values).all())
        )
        if not is_clean:
            for offset, word in enumerate(words):
                self.add_row(word, values[offset], first + offset)
            return
        end = len(self) + len(words)
        self._make_room(end)
        self._matrix[len(self) : end] = values
        self._number_of.update(fresh)

    def add_row(self, word: str, values: FloatMatrix, number: int) -> None:
        """Take one row, or tell the faults why not."""
        fault = word_fault(word)
        if fault:
            reason = "empty word" if not word else "white space in word"
            self._faults.found(number, reason, fault)
        elif not np.isfinite(values).all():
            bad = values[~np.isfinite(values)][0]
            self._faults.found(number, "not finite", f"{bad} is not a finite number")
        elif word in self._number_of:
            first = f"first in {self._faults.unit} {self._number_of[word]}"
            self._faults.found(number, "duplicate word", f"duplicate word {word!r} ({first})")
        else:
            row = len(self)
            self._make_room(row + 1)
            self._matrix[row] = values
            self._number_of[word] = number

    def vectors(self) -> WordVectors:
        """Everything taken, the matrix cut to size in place."""
        self._resize(len(self))
        return WordVectors(list(self._number_of), self._matrix)

    def _make_room(self, rows: int) -> None:
        if rows > len(self._matrix):
            self._resize(max(rows, len(self._matrix) * 3 // 2))

    def _resize(self, rows: int) -> None:
        if rows != len(self._matrix):
            # No view of the matrix exists yet, so it may move: large blocks move without a copy.
            self._matrix.resize((rows, self._matrix.shape[1]), refcheck=False)
