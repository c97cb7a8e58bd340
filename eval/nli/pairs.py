"""Pairs of sentences with a label: XNLI's and PAWS-X's files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from x2static.core.errors import DatasetError
from x2static.core.text.lines import numbered_lines

_FIRST = ("premise", "sentence1", "first")
_SECOND = ("hypo", "hypothesis", "sentence2", "second")
_LABEL = ("gold_label", "label")
_SPELLINGS = {"contradictory": "contradiction"}  # XNLI's machine-translated training sets
_MOST_LABELS = 64


@dataclass(frozen=True, slots=True)
class SentencePair:
    """Two sentences and what holds between them."""

    first: str
    second: str
    label: str


def read_pairs(path: Path, labels: Sequence[str] | None = None) -> list[SentencePair]:
    """The pairs of a file.

    Args:
        path: ``first TAB second TAB label``, or with a line of column names.
        labels: of a file that has no third column, a label for each pair.

    Raises:
        DatasetError: another format, or another number of labels.
    """
    rows = [(number, line.split("\t")) for number, line in numbered_lines(path, DatasetError)]
    if not rows:
        raise DatasetError(f"{path}: empty; expected pairs of sentences, tab-separated")
    places = _named(rows[0][1])
    if places is not None:
        rows = rows[1:]
    else:
        places = (0, 1, 2 if len(rows[0][1]) > 2 else None)
    first, second, label = places
    needed = max(first, second, -1 if label is None else label)
    bare = label is None
    if bare and labels is None:
        raise DatasetError(f"{path}: no labels; name the file that has them with --labels")
    if bare and labels is not None and len(labels) != len(rows):
        raise DatasetError(f"{path}: {len(rows):,} pairs, but --labels has {len(labels):,}")
    found = []
    for place, (number, cells) in enumerate(rows):
        if len(cells) <= needed:
            raise DatasetError(f"{path}:{number}: {len(cells)} columns, {needed + 1} expected")
        said = labels[place] if label is None and labels is not None else cells[label or 0].strip()
        if not said:
            raise DatasetError(f"{path}:{number}: the label is empty")
        found.append(SentencePair(cells[first], cells[second], _SPELLINGS.get(said, said)))
    if not found:
        raise DatasetError(f"{path}: no pair below the line of column names")
    return found


def read_labels(path: Path) -> list[str]:
    """A label a line, or ``id TAB label`` below a line of names, as PAWS-X has them."""
    rows = [line.split("\t") for _, line in numbered_lines(path, DatasetError)]
    if rows and len(rows[0]) > 1 and rows[0][-1].strip().lower() in _LABEL:
        rows = rows[1:]
    if not rows:
        raise DatasetError(f"{path}: empty; expected a label a line")
    said = [cells[-1].strip() for cells in rows]
    return [_SPELLINGS.get(label, label) for label in said]


def labels_in(pairs: Sequence[SentencePair], path: Path) -> list[str]:
    """The labels that occur, sorted.

    Raises:
        DatasetError: one alone, or so many that they are something else.
    """
    found = sorted({pair.label for pair in pairs})
    if not 2 <= len(found) <= _MOST_LABELS:
        raise DatasetError(
            f"{path}: {len(found)} different labels ({', '.join(found[:3])}); expected a few, such "
            "as entailment, neutral, contradiction"
        )
    return found


def same_labels(labels: Mapping[Path, list[str]]) -> list[str]:
    """The labels of training files, which must agree: a head tells them apart for all languages.

    Raises:
        DatasetError: two files have other ones.
    """
    (first, known), *others = labels.items()
    for path, found in others:
        if found != known:
            raise DatasetError(
                f"{path}: labels {' '.join(found[:4])}, but {first} has {' '.join(known[:4])}; "
                "write them alike"
            )
    return known


def _named(cells: Sequence[str]) -> tuple[int, int, int | None] | None:
    """Columns by their names; None where the first line is a pair."""
    names = [cell.strip().lower() for cell in cells]

    def place(wanted: Sequence[str]) -> int | None:
        return next((names.index(name) for name in wanted if name in names), None)

    first, second = place(_FIRST), place(_SECOND)
    return None if first is None or second is None else (first, second, place(_LABEL))
