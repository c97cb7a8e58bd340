"""Word vectors in memory: words by falling frequency, one matrix row per word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from x2static.core.compose.composer import Composer

FloatMatrix = NDArray[np.float32]
Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class WordVectors:
    """Static vectors of one language.

    Attributes:
        words: distinct words, most frequent first.
        matrix: (N, D) float32, row i belongs to word i; may be a read-only memory map.
        counts: (N,) occurrences in the corpus, or None where unknown; 0 for a word that was not
            learned from text but composed.
        composer: gives other words vectors; None where there is none.
    """

    words: Sequence[str]
    matrix: FloatMatrix = field(repr=False)
    counts: Counts | None = field(default=None, repr=False)
    composer: Composer | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.matrix.dtype != np.float32:
            object.__setattr__(self, "matrix", np.asarray(self.matrix, dtype=np.float32))
        if self.matrix.ndim != 2 or len(self.words) != len(self.matrix):
            raise ValueError(f"{len(self.words)} words do not fit a matrix of {self.matrix.shape}")
        if self.counts is not None and self.counts.shape != (len(self.words),):
            raise ValueError(f"{len(self.words)} words do not fit counts of {self.counts.shape}")

    def __repr__(self) -> str:
        """One line: how many, how wide, the first few."""
        shown = ", ".join(map(str, self.words[:3])) + (", ..." if len(self) > 3 else "")
        return f"<WordVectors: {len(self):,} words x {self.width} ({shown})>"

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self.index

    def __getitem__(self, word: str) -> FloatMatrix:
        row: FloatMatrix = self.matrix[self.index[word]]
        return row

    def get(self, word: str) -> FloatMatrix | None:
        """The word's own vector; else a composed one, where there is a composer; else None.

        A word that has its own vector is never composed.
        """
        if word in self.index:
            return self[word]
        if self.composer is None:
            return None
        row = self.composer.compose([word])[0]
        return row if row.any() else None

    @property
    def width(self) -> int:
        """D, the length of each vector."""
        return int(self.matrix.shape[1])

    @cached_property
    def index(self) -> dict[str, int]:
        """Row of each word."""
        return {word: row for row, word in enumerate(self.words)}

    def most_similar(self, word: str, top: int = 10) -> list[tuple[str, float]]:
        """The nearest words by cosine, best first; see `x2static neighbors` for other languages.

        Raises:
            KeyError: the word has no vector.
        """
        from x2static.core.neighbors import top_k

        rows, cosines = top_k(self._unit[[self.index[word]]], self._unit, top + 1)
        found = zip(rows[0].tolist(), cosines[0].tolist(), strict=True)
        near = [(self.words[row], cosine) for row, cosine in found if self.words[row] != word]
        return near[:top]

    def to_gensim(self) -> Any:
        """The same as gensim's KeyedVectors, counts included where there are any."""
        from x2static.core.errors import require

        gensim = require("gensim.models", "gensim", "KeyedVectors")
        made = gensim.KeyedVectors(self.width)
        made.add_vectors(list(self.words), np.array(self.matrix))
        if self.counts is not None:
            for word, count in zip(self.words, self.counts.tolist(), strict=True):
                made.set_vecattr(word, "count", count)
        return made

    @cached_property
    def _unit(self) -> FloatMatrix:
        from x2static.core.normalize import unit

        return unit(self.matrix)

    def head(self, size: int) -> WordVectors:
        """The ``size`` most frequent words; the matrix is a view."""
        counts = None if self.counts is None else self.counts[:size]
        return WordVectors(self.words[:size], self.matrix[:size], counts, self.composer)

    def rows_of(self, words: Iterable[str]) -> NDArray[np.int64]:
        """Row numbers of the given words; -1 for an unknown one."""
        return np.array([self.index.get(word, -1) for word in words], dtype=np.int64)
