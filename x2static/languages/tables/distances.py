"""Distances of every two languages, of several kinds, and the file that holds them.

A file has a line for every two languages: ``first TAB second TAB`` and a column for each kind. An
empty cell is unknown. A column ``KIND.shared`` says on how many features a value stands. A square
table with the languages in its first line and first column is read as well.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from x2static.core.errors import DatasetError
from x2static.core.languages.language_name import check_language_name
from x2static.core.text.lines import numbered_lines

Matrix = NDArray[np.float64]
_SHARED = ".shared"


@dataclass(frozen=True)
class Distances:
    """Symmetric tables over the same languages.

    Attributes:
        languages: of the rows and columns.
        kinds: (L, L) by kind; NaN is unknown, the diagonal is 0.
        shared: (L, L) by kind, features that a value stands on; not every kind has it.
    """

    languages: tuple[str, ...]
    kinds: Mapping[str, Matrix]
    shared: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)

    def of(self, languages: Sequence[str]) -> Distances:
        """The same for some of the languages, in another order."""
        rows = [self.languages.index(language) for language in languages]
        cut = np.ix_(rows, rows)
        return Distances(
            tuple(languages),
            {kind: matrix[cut] for kind, matrix in self.kinds.items()},
            {kind: counts[cut] for kind, counts in self.shared.items()},
        )


def pairs_of(matrix: NDArray[np.generic]) -> NDArray[np.generic]:
    """(P,) the values above the diagonal, row by row."""
    rows, columns = np.triu_indices(len(matrix), 1)
    found: NDArray[np.generic] = matrix[rows, columns]
    return found


def table_text(distances: Distances) -> str:
    """The lines of a file."""
    heads = ["first", "second"]
    for kind in distances.kinds:
        heads += [kind, kind + _SHARED] if kind in distances.shared else [kind]
    lines = ["\t".join(heads)]
    names = distances.languages
    for i in range(len(names)):
        for j in range(i + 1, len(names)):
            cells = [names[i], names[j]]
            for kind, matrix in distances.kinds.items():
                value = float(matrix[i, j])
                cells.append("" if math.isnan(value) else f"{value:.6f}")
                if kind in distances.shared:
                    cells.append(str(int(distances.shared[kind][i, j])))
            lines.append("\t".join(cells))
    return "\n".join(lines) + "\n"


def read_distances(path: Path) -> Distances:
    """The distances in a file.

    Raises:
        DatasetError: another format, a value that is no number, a pair that contradicts itself.
    """
    rows = [(number, line.split("\t")) for number, line in numbered_lines(path, DatasetError)]
    if not rows:
        raise DatasetError(f"{path}: empty; expected distances of languages, tab-separated")
    head = rows[0][1]
    if head[:2] == ["first", "second"] and len(head) > 2:
        return _listed(path, head[2:], rows[1:])
    if len(head) >= 3 and [cells[0] for _, cells in rows[1:]] == head[1:]:
        return _square(path, head[1:], rows[1:])
    raise DatasetError(
        f"{path}:1: neither a list (first TAB second TAB KIND ...) nor a square table with the "
        "languages in the first line and the first column"
    )


def _listed(path: Path, heads: list[str], rows: list[tuple[int, list[str]]]) -> Distances:
    names = sorted({name for _, cells in rows for name in cells[:2]})
    place = {name: row for row, name in enumerate(names)}
    for name in names:
        check_language_name(name, str(path))
    tables = {head: np.full((len(names), len(names)), np.nan) for head in heads}
    for number, cells in rows:
        if len(cells) != len(heads) + 2:
            raise DatasetError(f"{path}:{number}: {len(cells)} columns, {len(heads) + 2} expected")
        i, j = place[cells[0]], place[cells[1]]
        for head, cell in zip(heads, cells[2:], strict=True):
            _put(tables[head], i, j, _number(path, number, cell), f"{path}:{number}: {head}")
    for table in tables.values():
        np.fill_diagonal(table, 0.0)
    kinds = {head: table for head, table in tables.items() if not head.endswith(_SHARED)}
    shared = {
        head.removesuffix(_SHARED): np.nan_to_num(table).astype(np.int64)
        for head, table in tables.items()
        if head.endswith(_SHARED)
    }
    return Distances(tuple(names), kinds, shared)


def _square(path: Path, names: list[str], rows: list[tuple[int, list[str]]]) -> Distances:
    for name in names:
        check_language_name(name, str(path))
    if len(set(names)) != len(names):
        raise DatasetError(f"{path}:1: a language is named twice")
    matrix = np.full((len(names), len(names)), np.nan)
    for i, (number, cells) in enumerate(rows):
        if len(cells) != len(names) + 1:
            raise DatasetError(f"{path}:{number}: {len(cells)} columns, {len(names) + 1} expected")
        for j, cell in enumerate(cells[1:]):
            if i != j:
                _put(matrix, i, j, _number(path, number, cell), f"{path}:{number}")
    np.fill_diagonal(matrix, 0.0)
    return Distances(tuple(names), {path.name.split(".")[0]: matrix})


def _put(matrix: Matrix, i: int, j: int, value: float, place: str) -> None:
    """Set both halves; two values of one pair must agree."""
    before = matrix[i, j]
    if not math.isnan(before) and not math.isnan(value) and abs(before - value) > 1e-4:
        raise DatasetError(
            f"{place}: the pair has the distances {before:g} and {value:g}; distances have no "
            "direction, scores of transfer have (--scores)"
        )
    if not math.isnan(value):
        matrix[i, j] = matrix[j, i] = value


def _number(path: Path, line: int, cell: str) -> float:
    if not cell.strip() or cell.strip().lower() in ("nan", "-"):
        return math.nan
    try:
        value = float(cell)
    except ValueError:
        value = math.inf
    if not math.isfinite(value):
        raise DatasetError(f"{path}:{line}: '{cell[:40]}' is no distance")
    return value


def kinds_of(tables: Sequence[tuple[Path, Distances]]) -> Iterator[tuple[str, Distances, str]]:
    """(name, table, kind) of all kinds of several files; a name given twice gets the file's, too.

    The name is what a result calls it.
    """
    seen: set[str] = set()
    for path, table in tables:
        for kind in table.kinds:
            name = kind if kind not in seen else f"{path.stem}.{kind}"
            seen.add(name)
            yield name, table, kind
