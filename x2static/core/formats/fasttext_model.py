"""fastText's own model file (``.bin``, version 12): words, and vectors for words it has not seen.

Such a model keeps no vector of a word as a whole: it is the mean of the word's own row and the rows
of its letter sequences. So a word that was never seen has one, too, made of its sequences alone.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from x2static.core.compose.ngrams import NgramRule
from x2static.core.errors import VectorFormatError
from x2static.core.storage.files import describe_os_error
from x2static.core.vectors import FloatMatrix, WordVectors

MAGIC = struct.pack("<i", 793712314)
_VERSION, _WORD = 12, 0
_SETTINGS = struct.Struct("<12id")  # 0: width, 8: buckets, 9, 10: shortest, longest
_DICTIONARY = struct.Struct("<3i2q")  # size, words, labels, tokens, pruned
_ENTRY = struct.Struct("<qb")
_MATRIX = struct.Struct("<2q")
_BATCH = 2_000
_END = "</s>"


class FastTextModel:
    """The input side of a model: a memory map, read where a word is asked for.

    Attributes:
        words: most frequent first; labels are left out.
        counts: (N,) of each in its corpus.
        width: D of the vectors.
    """

    def __init__(self, path: Path) -> None:
        """Read the dictionary.

        Raises:
            VectorFormatError: it is no such file, a quantised one, or cut off.
        """
        try:
            with path.open("rb") as stream:
                self._data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            what = (
                describe_os_error(path, error) if isinstance(error, OSError) else f"{path}: empty"
            )
            raise VectorFormatError(what) from error
        try:
            self._read(path)
        except (struct.error, ValueError, UnicodeDecodeError) as error:
            raise VectorFormatError(f"{path}: damaged fastText model ({error})") from error

    def vectors_of(self, words: Sequence[str]) -> FloatMatrix:
        """(N, D) the vector of each word; zeros where a word has no part that the model knows."""
        found = np.zeros((len(words), self.width), np.float32)
        for start in range(0, len(words), _BATCH):
            for row, word in enumerate(words[start : start + _BATCH], start):
                rows = self._rows_of(word)
                if rows:
                    found[row] = self._matrix[rows].mean(axis=0, dtype=np.float32)
        return found

    def head(self, limit: int | None) -> WordVectors:
        """The most frequent words with their vectors."""
        words = self.words if limit is None else self.words[:limit]
        return WordVectors(words, self.vectors_of(words), self.counts[: len(words)])

    def _rows_of(self, word: str) -> list[int]:
        own = self._row.get(word)
        rows = [] if own is None else [own]
        if word != _END and self._rule.longest > 0:
            rows += [len(self._row) + bucket for bucket in self._rule.of(word)]
        return rows

    def _read(self, path: Path) -> None:
        data = self._data
        (version,) = struct.unpack_from("<i", data, 4)
        if data[:4] != MAGIC or version != _VERSION:
            raise ValueError(f"version {version}, known is {_VERSION}")
        settings = _SETTINGS.unpack_from(data, 8)
        self.width, buckets, shortest, longest = (settings[i] for i in (0, 8, 9, 10))
        at = 8 + _SETTINGS.size
        size, num_words, _, _, pruned = _DICTIONARY.unpack_from(data, at)
        at += _DICTIONARY.size
        self._rule = NgramRule(max(shortest, 1), longest if buckets > 0 else 0, max(buckets, 1))
        words: list[str] = []
        counts: list[int] = []
        for _ in range(size):
            end = data.find(b"\0", at)
            if end < 0:
                raise ValueError("the dictionary is cut off")
            word = data[at:end].decode("utf-8", "surrogateescape")
            count, kind = _ENTRY.unpack_from(data, end + 1)
            at = end + 1 + _ENTRY.size
            if kind == _WORD:
                words.append(word)
                counts.append(count)
        if len(words) != num_words or len(set(words)) != num_words:
            raise ValueError(f"{len(words)} words, its head says {num_words}")
        if pruned > 0 or data[at] != 0:
            raise VectorFormatError(f"{path}: a quantised fastText model; give the full one")
        rows, width = _MATRIX.unpack_from(data, at + 1)
        at += 1 + _MATRIX.size
        if width != self.width or rows < num_words or at + 4 * rows * width > len(data):
            raise ValueError(f"{rows} rows of {width} do not fit the file")
        flat = np.frombuffer(data, "<f4", rows * width, at)
        self._matrix: NDArray[np.float32] = flat.reshape(rows, width)
        if rows < num_words + self._rule.buckets:
            self._rule = NgramRule(1, 0, 1)  # it has no rows for sequences
        self.words, self.counts = words, np.array(counts, np.int64)
        self._row = {word: row for row, word in enumerate(words)}
