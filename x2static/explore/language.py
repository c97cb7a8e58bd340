"""The vectors of one language, opened when they are first asked for."""

from __future__ import annotations

import threading
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from x2static.core.compose.composer import Composer
from x2static.core.errors import VectorFormatError
from x2static.core.formats.native import map_native
from x2static.core.normalize import unit
from x2static.core.vector_file import detect_format, read_vectors
from x2static.core.vectors import Counts, FloatMatrix
from x2static.explore.word_list import WordList

_ROWS = 8192


class LanguageVectors:
    """Words and rows of a language.

    Attributes:
        name: what it is called.
        place: its folder or file.
        words: by row.
        matrix: (N, D) float32 or float16; mapped where the format allows it.
        counts: (N,) occurrences in the corpus, or None.
    """

    def __init__(self, name: str, place: Path) -> None:
        """Open a native folder at once (the numbers stay on disk); read any other format whole.

        Raises:
            VectorFormatError: the vectors cannot be read.
        """
        self.name, self.place = name, place
        self.matrix: NDArray[Any]
        self.counts: Counts | None
        self._lock = threading.Lock()
        self._composer: Composer | None = None
        if detect_format(place) == "safetensors":
            mapped = map_native(place)
            self.matrix, self.counts, self.words = (
                mapped.matrix,
                mapped.counts,
                WordList(mapped.words),
            )
            self._composer = mapped.composer
        else:
            vectors = read_vectors(place)
            self.matrix, self.counts = vectors.matrix, vectors.counts
            self.words = WordList("\n".join(vectors.words).encode())
        if len(self.words) != len(self.matrix):
            raise VectorFormatError(
                f"{place}: {len(self.words)} words do not fit {len(self.matrix)} vectors"
            )

    def __len__(self) -> int:
        return len(self.matrix)

    @property
    def width(self) -> int:
        """D, the length of each vector."""
        return int(self.matrix.shape[1])

    @property
    def lengths(self) -> FloatMatrix:
        """(N,) Euclidean length of each row; measured once, in one pass over the numbers.

        Raises:
            VectorFormatError: some are not finite, which is seen here first.
        """
        with self._lock:
            lengths: FloatMatrix = self._lengths
            return lengths

    def composed(self, word: str) -> FloatMatrix | None:
        """(D,) a vector of length 1 made of the word's letters; None without a composer."""
        if self._composer is None:
            return None
        row = unit(self._composer.compose([word]))[0]
        return row if row.any() else None

    def unit_row(self, row: int) -> FloatMatrix:
        """(D,) a row of length 1; zeros where the vector is zero.

        Raises:
            VectorFormatError: it holds NaN or infinity.
        """
        self._check_row(row)
        unit: FloatMatrix = self.unit_rows(np.array([row]))[0]
        return unit

    def unit_rows(self, rows: NDArray[np.int64]) -> FloatMatrix:
        """(K, D) rows of length 1; zeros where a vector is zero."""
        found = self.matrix[rows].astype(np.float64)
        lengths = np.sqrt(np.einsum("kd,kd->k", found, found))
        unit: FloatMatrix = (found / np.where(lengths > 0, lengths, 1)[:, None]).astype(np.float32)
        return unit

    def unit_block(self, start: int, stop: int) -> FloatMatrix:
        """Neighbouring rows of length 1, by the lengths in float32: for a pass over all of them."""
        lengths = self.lengths[start:stop, None]
        block: FloatMatrix = self.matrix[start:stop].astype(np.float32)
        block /= np.where(lengths > 0, lengths, 1)
        return block

    @cached_property
    def _lengths(self) -> FloatMatrix:
        lengths = np.empty(len(self), dtype=np.float32)
        for start in range(0, len(self), _ROWS):
            block = self.matrix[start : start + _ROWS].astype(np.float32, copy=False)
            squares = np.einsum("nd,nd->n", block, block)
            lengths[start : start + _ROWS] = np.sqrt(squares)
        for row in np.flatnonzero(~np.isfinite(lengths)).tolist():  # or only very long
            self._check_row(row)
        return lengths

    def _check_row(self, row: int) -> None:
        if not np.isfinite(self.matrix[row]).all():
            raise VectorFormatError(
                f"{self.place}: row {row + 1} ({self.words[row]!r}) holds NaN or infinity"
            )
