"""The words of a language as one block of bytes: found by searching it, no object per word.

200,000 words are 2 MB here and some 25 MB as a Python list with its index; forty languages, before
and after alignment, open in no time because nothing is made of them until it is asked for.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray


class WordList:
    """Distinct words by row."""

    def __init__(self, joined: bytes) -> None:
        """Take the words in UTF-8, a line feed between two."""
        self._block = b"\n" + joined + b"\n" if joined else b"\n"

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, row: int) -> str:
        start, end = int(self._ends[row]) + 1, int(self._ends[row + 1])
        return self._block[start:end].decode("utf-8", "replace")

    def row(self, word: str) -> int | None:
        """The row of a word, None for an unknown one."""
        if not word or "\n" in word:
            return None
        place = self._block.find(b"\n" + _bytes(word) + b"\n")
        return None if place < 0 else self._row_at(place)

    def beginning_with(self, prefix: str, count: int) -> list[str]:
        """The most frequent words that begin so."""
        found: list[str] = []
        needle, place = b"\n" + _bytes(prefix), -1
        while prefix and "\n" not in prefix and len(found) < count:
            place = self._block.find(needle, place + 1)
            if place < 0:
                break
            found.append(self[self._row_at(place)])
        return found

    @cached_property
    def _ends(self) -> NDArray[np.int32]:
        """Where the line feeds are: word i lies between the i-th and the next."""
        return np.flatnonzero(np.frombuffer(self._block, dtype=np.uint8) == 10).astype(np.int32)

    def _row_at(self, place: int) -> int:
        return int(np.searchsorted(self._ends, place))


def _bytes(word: str) -> bytes:
    return word.encode("utf-8", "surrogatepass")  # a lone surrogate is no word and is not found
