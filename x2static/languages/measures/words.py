"""Lexical distance: edit distances of words for the same things, as ASJP's authors have it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from x2static.core.errors import DatasetError
from x2static.core.text.lines import numbered_lines
from x2static.languages.known import script_of
from x2static.languages.tables.distances import Matrix

_LONGEST = 40  # letters that are compared
_CHANCE_PAIRS = 2000
LEAST_SHARED = 20  # meanings


def read_word_list(path: Path) -> dict[str, str]:
    """The word for each meaning: ``word meaning``, like a dictionary into one language.

    Of several words for a meaning the first stands, which in our dictionaries is the commonest.

    Raises:
        DatasetError: a line without two columns.
    """
    found: dict[str, str] = {}
    for number, line in numbered_lines(path, DatasetError):
        cells = line.split("\t") if "\t" in line else line.split()
        if len(cells) < 2:
            raise DatasetError(f"{path}:{number}: expected a word and its meaning")
        found.setdefault(cells[1].strip().lower(), cells[0].strip().lower())
    if not found:
        raise DatasetError(f"{path}: empty; expected words and their meanings")
    return found


def lexical(
    lists: Mapping[str, Mapping[str, str]], seed: int = 0
) -> tuple[Matrix, NDArray[np.int64]]:
    """(L, L) LDND, and the number of meanings that it stands on.

    The edit distance of two words over the longer one's length, averaged over the same meanings and
    divided by its average over different ones (Bakker et al. 2009), so that alphabets and lengths
    alone make no likeness; cut at 1. Unknown where the languages are written in different scripts
    or share fewer than 20 meanings.
    """
    codes = list(lists)
    rng = np.random.default_rng(seed)
    matrix = np.full((len(codes), len(codes)), np.nan)
    shared = np.zeros(matrix.shape, dtype=np.int64)
    for i, first in enumerate(codes):
        for j in range(i):
            second = codes[j]
            meanings = sorted(lists[first].keys() & lists[second].keys())
            shared[i, j] = shared[j, i] = len(meanings)
            if len(meanings) < LEAST_SHARED or script_of(first) != script_of(second):
                continue
            words = [[lists[code][meaning] for meaning in meanings] for code in (first, second)]
            same = normalised(*words).mean()
            rows, columns = rng.integers(len(meanings), size=(2, _CHANCE_PAIRS))
            other = rows != columns
            chance = normalised(
                [words[0][row] for row in rows[other]], [words[1][row] for row in columns[other]]
            ).mean()
            matrix[i, j] = matrix[j, i] = min(same / chance, 1.0) if chance > 0 else 0.0
    np.fill_diagonal(matrix, 0.0)
    return matrix, shared


def normalised(first: Sequence[str], second: Sequence[str]) -> NDArray[np.float64]:
    """(P,) edit distance of each two words over the length of the longer."""
    left, right = _letters(first), _letters(second)
    sizes = [np.array([min(len(w), _LONGEST) for w in words]) for words in (first, second)]
    rows = np.arange(len(first))
    # best[j]: cost of the first i letters against the first j; all pairs at once
    best = np.repeat(np.arange(right.shape[1] + 1)[None], len(first), axis=0)
    answers = np.where(sizes[0] == 0, sizes[1], -1)
    for i in range(1, left.shape[1] + 1):
        line = np.empty_like(best)
        line[:, 0] = i
        for j in range(1, right.shape[1] + 1):
            swap = best[:, j - 1] + (left[:, i - 1] != right[:, j - 1])
            line[:, j] = np.minimum(swap, np.minimum(best[:, j], line[:, j - 1]) + 1)
        best = line
        done = sizes[0] == i
        answers[done] = best[rows[done], sizes[1][done]]
    found: NDArray[np.float64] = answers / np.maximum(np.maximum(*sizes), 1)
    return found


def _letters(words: Sequence[str]) -> NDArray[np.int64]:
    cut = [word[:_LONGEST] for word in words]
    table = np.full((len(cut), max(map(len, cut), default=0)), -1, dtype=np.int64)
    for row, word in enumerate(cut):
        table[row, : len(word)] = [ord(letter) for letter in word]
    return table
