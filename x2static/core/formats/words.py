"""Which words a vector file may hold: any text without ASCII white space, NUL or half surrogates.

The same rule holds in every format, so that any file can be turned into any other. Non-ASCII white
space (U+00A0, U+0085, U+2028, U+3000) is legal: no reader we know of splits a line there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from x2static.core.errors import VectorFormatError
from x2static.core.vectors import WordVectors

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
    if not are_legal(vectors.words):
        row = next(row for row, word in enumerate(vectors.words) if word_fault(word))
        fault = word_fault(vectors.words[row])
        raise VectorFormatError(f"{place}: row {row + 1}: {fault}; rename or drop it first")
    repeated = first_duplicate(vectors.words)
    if repeated:
        row, first = repeated
        raise VectorFormatError(
            f"{place}: row {row + 1}: duplicate word {vectors.words[row]!r} "
            f"(first in row {first + 1})"
        )
    for start in range(0, len(vectors), _ROWS):
        finite = np.isfinite(vectors.matrix[start : start + _ROWS]).all(axis=1)
        if not finite.all():
            row = start + int(np.argmin(finite))
            raise VectorFormatError(
                f"{place}: row {row + 1} ({vectors.words[row]!r}) holds NaN or infinity"
            )
