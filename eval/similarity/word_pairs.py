"""Word similarity test sets: pairs of words and what people said of them."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from x2static.core.errors import DatasetError
from x2static.core.text.lines import numbered_lines

# Names of columns in the published files, reduced to letters and digits.
_SCORE_NAMES = (
    "score", "simlex999", "simverb3500", "humanmean", "similarity", "relatedness", "gold",
    "goldscore", "mean", "meanscore", "average", "averagescore", "averagerating", "rating", "sim",
    "humanscore", "rel",
)  # fmt: skip
_SUFFIXES = (".gz", ".txt", ".tsv", ".csv", ".data")

Row = tuple[int, list[str]]


@dataclass(frozen=True)
class WordPairs:
    """A similarity test set.

    Attributes:
        name: the file's name without its endings.
        first: the first word of each pair.
        second: the second word; in a cross-lingual set, of the target language.
        scores: human scores on the set's own scale.
        ids: the file's ``id`` column, or running numbers: what aligned sets share.
    """

    name: str
    first: tuple[str, ...]
    second: tuple[str, ...]
    scores: tuple[float, ...]
    ids: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.scores)


def read_word_pairs(path: Path) -> WordPairs:
    """Read a test set in any of the published layouts.

    Columns are separated by tabs, else by commas (quotes allowed), else by white space. A first
    line without a number is a header; then columns named like ``word1``, ``word2`` and ``score``
    are taken. Without a header the first two columns are the words and the first number behind
    them is the score. SemEval-2017's two-column ``X.data.txt`` takes its scores from
    ``X.gold.txt`` beside it or in ``../keys``.
    """
    rows = _rows(path)
    if len(rows[0][1]) == 2 and (gold := _gold_file(path)) is not None:
        rows = _joined(path, rows, gold)
    header = rows[0][1] if not any(map(_is_number, rows[0][1])) else None
    columns = _named_columns(header, f"{path}:{rows[0][0]}") if header else None
    pairs = [_pair(cells, columns, f"{path}:{n}") for n, cells in (rows[1:] if header else rows)]
    if not pairs:
        raise DatasetError(f"{path}: a header but no pair")
    first, second, scores = zip(*pairs, strict=True)
    body = rows[1:] if header else rows
    ids = tuple(str(number) for number in range(1, len(body) + 1))
    if header and header[0].lower() == "id":
        ids = tuple(cells[0] for _, cells in body)
    return WordPairs(dataset_name(path), first, second, scores, ids)


def cross_pairs(source: WordPairs, target: WordPairs) -> WordPairs:
    """The cross-lingual set of two aligned ones (Multi-SimLex; Camacho-Collados et al. 2015).

    Pairs of one id, a-b with score s and a'-b' with score t, give a-b' and b-a' with the mean of s
    and t, unless s and t differ by more than a fifth of the scale (the range of both sets' scores).
    """
    scores = [*source.scores, *target.scores]
    most = (max(scores) - min(scores)) / 5
    theirs = zip(target.ids, target.first, target.second, target.scores, strict=True)
    other = {number: (a, b, t) for number, a, b, t in theirs}
    pairs: dict[tuple[str, str], tuple[float, str]] = {}
    for number, a, b, s in zip(source.ids, source.first, source.second, source.scores, strict=True):
        if number in other and abs(s - other[number][2]) <= most:
            a_there, b_there, t = other[number]
            pairs.setdefault((a, b_there), ((s + t) / 2, number))
            pairs.setdefault((b, a_there), ((s + t) / 2, number))
    if not pairs:
        raise DatasetError(f"{source.name} and {target.name} share no pair; are they aligned sets?")
    first, second = zip(*pairs, strict=True)
    means, ids = zip(*pairs.values(), strict=True)
    return WordPairs(f"{source.name} x {target.name}", first, second, means, ids)


def dataset_name(path: Path) -> str:
    """``EN-MEN-TR-3k`` for ``sets/EN-MEN-TR-3k.txt``; with its folder if very short."""
    name = path.name
    while any(name.endswith(suffix) for suffix in _SUFFIXES):
        name = name.rsplit(".", 1)[0]
    return f"{path.parent.name}/{name}" if len(name) <= 2 and path.parent.name else name


def _rows(path: Path) -> list[Row]:
    lines = list(numbered_lines(path, DatasetError))
    if not lines:
        raise DatasetError(f"{path}: empty; expected lines of two words and a score")
    if "\t" in lines[0][1]:
        return [(number, [cell.strip() for cell in line.split("\t")]) for number, line in lines]
    if lines[0][1].count(",") >= 2:
        return [(number, [c.strip() for c in next(csv.reader([line]))]) for number, line in lines]
    return [(number, line.split()) for number, line in lines]


def _named_columns(header: list[str], place: str) -> tuple[int, int, int]:
    """Places of the two words and the score under a header."""
    names = ["".join(filter(str.isalnum, cell.lower())) for cell in header]
    words = [i for i, name in enumerate(names) if name in ("w1", "w2") or name.startswith("word")]
    scores = [names.index(name) for name in _SCORE_NAMES if name in names]
    if len(words) < 2 or not scores:
        raise DatasetError(
            f"{place}: neither 'word TAB word TAB score' nor a header that names word1, word2 and "
            f"score: {' | '.join(header)[:80]}"
        )
    return words[0], words[1], scores[0]


def _pair(
    cells: Sequence[str], columns: tuple[int, int, int] | None, place: str
) -> tuple[str, str, float]:
    if columns is None:
        numbers = [i for i, cell in enumerate(cells) if i >= 2 and _is_number(cell)]
        columns = (0, 1, numbers[0] if numbers else len(cells))
    if max(columns) >= len(cells) or not _is_number(cells[columns[2]]):
        raise DatasetError(
            f"{place}: expected two words and a score, found '{' | '.join(cells)[:80]}'"
        )
    score = float(cells[columns[2]])
    if not math.isfinite(score):
        raise DatasetError(f"{place}: the score {cells[columns[2]][:40]} is too large for a number")
    return cells[columns[0]], cells[columns[1]], score


def _is_number(text: str) -> bool:
    """True for a decimal number, ``1e400`` included; ``nan``, ``inf`` and ``1_0`` are words."""
    try:
        float(text)
    except ValueError:
        return False
    return text[-1:] in set("0123456789.") and "_" not in text


def _gold_file(path: Path) -> Path | None:
    name = path.name.replace(".data.", ".gold.")
    places = (path.parent / name, path.parent.parent / "keys" / name)
    return next((place for place in places if name != path.name and place.is_file()), None)


def _joined(path: Path, rows: list[Row], gold: Path) -> list[Row]:
    scores = [line.strip() for _, line in numbered_lines(gold, DatasetError)]
    if len(scores) != len(rows):
        raise DatasetError(f"{gold}: {len(scores)} scores for the {len(rows)} pairs of {path}")
    return [(number, [*cells, score]) for (number, cells), score in zip(rows, scores, strict=True)]
