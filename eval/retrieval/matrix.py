"""Accuracies of all pairs of languages as a matrix for a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from x2static.core.labels import labels_of


def matrix_table(rows: Sequence[Mapping[str, Any]], files: Sequence[Path]) -> str:
    """A matrix for each method: from the language of the row to that of the column, in percent.

    The last column is the mean of a language's row, the last row that of its column.
    """
    paths = [str(path) for path in files]
    names = dict(zip(paths, short_names(paths), strict=True))
    methods = dict.fromkeys(row["method"] for row in rows)
    return "\n\n".join(
        _one(method, [row for row in rows if row["method"] == method], names) for method in methods
    )


def short_names(paths: Sequence[str]) -> list[str]:
    """The last part of each name (``ntrex.de`` is de) where these differ, else the whole name."""
    ends = [Path(path).name.rpartition(".")[2] for path in paths]
    return ends if len(set(ends)) == len(ends) else labels_of(paths)


def _one(method: str, rows: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> str:
    found = {(row["source"], row["target"]): 100 * row["accuracy"] for row in rows}
    width = max(5, *map(len, names.values())) + 1
    head = "".join(f"{name:>{width}}" for name in [*names.values(), "mean"])
    lines = [f"{method}: sentences found, in percent; error (xsim) is 100 less that"]
    lines.append(" " * width + head)
    for source, name in names.items():
        cells = [found.get((source, target)) for target in names]
        lines.append(f"{name:<{width}}" + _cells([*cells, _mean(cells)], width))
    columns = [[found.get((source, target)) for source in names] for target in names]
    means = [_mean(column) for column in columns]
    lines.append(f"{'mean':<{width}}" + _cells([*means, mean(found.values())], width))
    return "\n".join(lines)


def _mean(cells: Sequence[float | None]) -> float:
    return mean(cell for cell in cells if cell is not None)


def _cells(cells: Sequence[float | None], width: int) -> str:
    return "".join(f"{'' if cell is None else f'{cell:.1f}':>{width}}" for cell in cells)
