"""Sentences as averages of static word vectors, plain or by smooth inverse frequency.

SIF (Arora, Liang and Ma 2017): a word w counts a / (a + p(w)), and what all sentences share, the
first singular vector of their matrix, is taken off.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from eval.lookup import Lookup
from x2static.core.normalize import unit
from x2static.core.vectors import FloatMatrix, WordVectors

_SIF_SCALE = 1e-3
_TOKEN = re.compile(r"\w+|[^\w\s]")
# Scripts written without spaces: Thai to Myanmar, Khmer, kana, Han.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


class StaticEncoder:
    """Turns sentences into vectors by looking their words up.

    White space separates tokens; an unknown token is cut at punctuation, and where it is written
    without spaces into the longest known words from the left. Unknown words do not count.

    Attributes:
        num_cut: sentences that were cut: none.
    """

    num_cut = 0

    def __init__(
        self, vectors: WordVectors, lookup: Lookup, *, sif: bool, rows: FloatMatrix | None = None
    ) -> None:
        """Encode with ``vectors``.

        Args:
            vectors: word vectors; unit lengths are averaged.
            lookup: how tokens are found in the same vectors.
            sif: weigh by rarity and take off the first component.
            rows: (N, D) averaged in place of unit vectors: such as are weighed already.
        """
        self._lookup, self._sif = lookup, sif
        self._rows = unit(vectors.matrix) if rows is None else rows
        self._longest = max((len(word) for word in vectors.words), default=1)
        self._weights = sif_weights(vectors) if sif else np.ones(len(vectors))

    @property
    def width(self) -> int:
        """D of the rows."""
        return int(self._rows.shape[1])

    def encode(self, sentences: Sequence[str]) -> FloatMatrix:
        """(B, D) one row a sentence; zeros where no word is known."""
        matrix = np.zeros((len(sentences), self._rows.shape[1]), dtype=np.float32)
        for number, sentence in enumerate(sentences):
            rows = list(self._rows_in(sentence))
            if rows:
                matrix[number] = self._weights[rows] @ self._rows[rows] / len(rows)
        return without_first_component(matrix) if self._sif else matrix

    def _rows_in(self, sentence: str) -> Iterator[int]:
        for token in sentence.split():
            if (row := self._lookup.row(token)) >= 0:
                yield row
                continue
            for part in _TOKEN.findall(token):
                if (row := self._lookup.row(part)) >= 0:
                    yield row
                elif _UNSPACED.search(part):
                    yield from self._longest_matches(part)

    def _longest_matches(self, text: str) -> Iterator[int]:
        start = 0
        while start < len(text):
            for end in range(min(len(text), start + self._longest), start, -1):
                if (row := self._lookup.row(text[start:end])) >= 0:
                    yield row
                    break
            else:
                end = start + 1
            start = end


def sif_weights(vectors: WordVectors) -> NDArray[np.float64]:
    """Weights a / (a + p(w)) (N,); without counts p falls with the rank by Zipf's law."""
    if vectors.counts is None:
        shares = 1 / np.arange(1, len(vectors) + 1)
    else:
        shares = vectors.counts.astype(np.float64)
    shares /= max(shares.sum(), np.finfo(np.float64).tiny)
    return np.asarray(_SIF_SCALE / (_SIF_SCALE + shares))


def without_first_component(matrix: FloatMatrix) -> FloatMatrix:
    """Rows less their projection on the first right singular vector of the matrix."""
    gram = matrix.T.astype(np.float64) @ matrix
    first = np.linalg.eigh(gram)[1][:, -1]
    return np.asarray(matrix - np.outer(matrix @ first, first), dtype=np.float32)
