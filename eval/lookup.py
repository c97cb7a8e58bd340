"""Find the vector of a dictionary or test-set item whose spelling may differ from the vectors'."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.choices import CaseRule, PhraseRule
from x2static.core.formats.faults import OnError
from x2static.core.vectors import WordVectors


def lowercased(vectors: WordVectors) -> WordVectors:
    """The vectors with lower-cased words; of several casings the most frequent stays (MUSE)."""
    first_row: dict[str, int] = {}
    for row, word in enumerate(vectors.words):
        first_row.setdefault(word.lower(), row)
    if len(first_row) == len(vectors):
        return WordVectors(list(first_row), vectors.matrix, vectors.counts)
    rows = np.fromiter(first_row.values(), dtype=np.int64, count=len(first_row))
    counts = None if vectors.counts is None else vectors.counts[rows]
    return WordVectors(list(first_row), vectors.matrix[rows], counts)


def read_frequent(path: Path, size: int, *, lower: bool, on_error: OnError) -> WordVectors:
    """The ``size`` most frequent words of a vector file (0: all).

    With ``lower`` they are counted after lower-casing, as MUSE counts them: of several casings the
    first stands for all, so somewhat more than ``size`` rows are read.
    """
    from x2static.core.vector_file import read_vectors

    if not size:
        vectors = read_vectors(path, on_error=on_error)
        return lowercased(vectors) if lower else vectors
    limit = size + size // 4 if lower else size
    while True:
        vectors = read_vectors(path, limit=limit, on_error=on_error)
        found = lowercased(vectors) if lower else vectors
        if len(found) >= size or len(vectors) < limit:
            return found.head(size)
        limit *= 2


class Lookup:
    """Vectors of words and phrases by a stated order of spellings.

    A single word under ``auto``: as written, then lower case, then Capitalised, then UPPER CASE.
    ``exact``: as written only. ``lower``: lower case, against vectors lower-cased by the caller.
    A phrase (white space inside): its parts joined by ``_``, then by a space, each in the order
    above; else, under ``mean``, the mean of the unit vectors of its parts when all are known.
    """

    def __init__(self, vectors: WordVectors, case: CaseRule, phrases: PhraseRule) -> None:
        """Look into ``vectors``; with ``lower`` they are lower-cased here."""
        self._vectors = lowercased(vectors) if case == "lower" else vectors
        self._case, self._phrases = case, phrases

    def row(self, word: str) -> int:
        """Row of a single word, or -1."""
        index = self._vectors.index
        return next((index[form] for form in self._spellings(word) if form in index), -1)

    def vector(self, item: str) -> NDArray[np.float64] | None:
        """Unit vector (D,) of a word or phrase, None where unknown; a zero vector stays zero."""
        parts = item.split()
        whole = [item] if len(parts) == 1 else [item, "_".join(parts), " ".join(parts)]
        for form in whole:
            if (row := self.row(form)) >= 0:
                return _unit(self._vectors.matrix[row])
        if self._phrases == "skip":
            return None
        rows = [self.row(part) for part in parts]
        if not rows or min(rows) < 0:
            return None
        return _unit(np.mean([_unit(self._vectors.matrix[row]) for row in rows], axis=0))

    def _spellings(self, word: str) -> Iterator[str]:
        yield word.lower() if self._case == "lower" else word
        if self._case == "auto":
            yield word.lower()
            yield word.lower().capitalize()
            yield word.upper()


def cosines(
    source: Lookup, target: Lookup, first: Sequence[str], second: Sequence[str]
) -> NDArray[np.float64]:
    """(P,) cosine of each pair; NaN where a word is unknown."""
    answer = np.full(len(first), np.nan)
    for pair, (left, right) in enumerate(zip(first, second, strict=True)):
        a, b = source.vector(left), target.vector(right)
        if a is not None and b is not None:
            answer[pair] = a @ b
    return answer


def _unit(vector: NDArray[Any]) -> NDArray[np.float64]:
    wide = vector.astype(np.float64)
    norm = float(np.linalg.norm(wide))
    return wide / norm if norm > 0 else wide
