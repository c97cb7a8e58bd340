"""Which words a vector file may hold: any text without ASCII white space, NUL or half surrogates.

The same rule holds in every format, so that any file can be turned into any other. Non-ASCII white
space (U+00A0, U+0085, U+2028, U+3000) is legal: no reader we know of splits a line there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from x2static.core.errors import VectorFormatError
from x2static.core.vectors import FloatMatrix, WordVectors

_ILLEGAL = re.compile("[\x00\t-\r \ud800-\udfff]")
_ROWS = 8192


def word_fault(word: str) -> str | None:
    """What is wrong with a word, as the end of an error line, or None."""
    if not word:
        return "empty word"
    found = _ILLEGAL.search(word)
    if found is None:
        return None
    name = {" ": "a space", "\x00": "a NUL", "\n": "a line end", "\t": "a tab"}.get(found[0])
    return f"word {word!r} contains {name or f'U+{ord(found[0]):04X}'}"


def are_legal(words: Sequence[str]) -> bool:
    """True where every word keeps the rule; one compiled pass."""
    return all(words) and _ILLEGAL.search("".join(words)) is None


def first_duplicate(words: Sequence[str]) -> tuple[int, int] | None:
    """Rows of the first repetition and of the word's first place, or None."""
    if len(set(words)) == len(words):
        return None
    seen: dict[str, int] = {}
    for row, word in enumerate(words):
        if word in seen:
            return row, seen[word]
        seen[word] = row
    return None


def check_writable(vectors: WordVectors, place: object) -> None:
    """Refuse what no reader could give back: illegal or repeated words, NaN, infinity, width 0."""
    if vectors.width < 1:
        raise VectorFormatError(f"{place}: vectors of width 0 cannot be written")
    if fault := first_fault(vectors.words):
        raise VectorFormatError(f"{place}: {fault}; rename or drop it first")
    row = first_not_finite(vectors.matrix)
    if row is not None:
        raise VectorFormatError(
            f"{place}: row {row + 1} ({vectors.words[row]!r}) holds NaN or infinity"
        )


def first_fault(words: Sequence[str]) -> str | None:
    """The first illegal or repeated word with its row, as part of an error line, or None."""
    if not are_legal(words):
        row = next(row for row, word in enumerate(words) if word_fault(word))
        return f"row {row + 1}: {word_fault(words[row])}"
    repeated = first_duplicate(words)
    if repeated is None:
        return None
    row, first = repeated
    return f"row {row + 1}: duplicate word {words[row]!r} (first in row {first + 1})"


def first_not_finite(matrix: FloatMatrix) -> int | None:
    """The first row that holds NaN or infinity, or None."""
    for start in range(0, len(matrix), _ROWS):
        block = matrix[start : start + _ROWS]
        with np.errstate(over="ignore", invalid="ignore"):
            is_finite = bool(np.isfinite(block.sum(dtype=np.float64)))  # one pass without a copy
        if not is_finite:
            finite = np.isfinite(block).all(axis=1)
            if not finite.all():
                return start + int(np.argmin(finite))
    return None
