"""Scores of transfer from one language to another, read from results of evaluations or a table.

A table has the columns ``source TAB target`` and one for each score. Results in JSON are those of
``eval nli``, ``tagging``, ``qa`` and ``impact``; several files are put together, so that a run for
each source language makes a matrix.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from x2static.core.errors import DatasetError
from x2static.core.storage.files import describe_os_error
from x2static.core.text.lines import numbered_lines

Cell = tuple[str, str, str, float]  # name, source, target, value
_METRICS = ("accuracy", "f1", "impact", "cka")


@dataclass(frozen=True)
class Scores:
    """A score of every source and target that was measured.

    Attributes:
        name: what it is called.
        languages: of rows (sources) and columns (targets).
        matrix: (L, L), NaN where nothing was measured.
    """

    name: str
    languages: tuple[str, ...]
    matrix: NDArray[np.float64]

    def sources(self) -> list[str]:
        """Languages from which anything was measured."""
        return [
            code
            for code, row in zip(self.languages, self.matrix, strict=True)
            if np.isfinite(row).any()
        ]


def read_scores(paths: Sequence[Path]) -> list[Scores]:
    """The tables in all files; a cell that is there twice (other seeds, other sets) is averaged.

    Raises:
        DatasetError: another format, or a result that does not say its source language.
    """
    cells: dict[str, dict[tuple[str, str], list[float]]] = {}
    for path in paths:
        found = list(_json_cells(path) if path.suffix == ".json" else _table_cells(path))
        if not found:
            raise DatasetError(f"{path}: no score of a source and a target language")
        for name, source, target, value in found:
            cells.setdefault(name, {}).setdefault((source, target), []).append(value)
    tables = []
    for name, some in cells.items():
        languages = sorted({code for pair in some for code in pair})
        place = {code: row for row, code in enumerate(languages)}
        matrix = np.full((len(languages), len(languages)), np.nan)
        for (source, target), values in some.items():
            matrix[place[source], place[target]] = math.fsum(values) / len(values)
        tables.append(Scores(name, tuple(languages), matrix))
    return tables


def _table_cells(path: Path) -> Iterator[Cell]:
    rows = [(number, line.split("\t")) for number, line in numbered_lines(path, DatasetError)]
    if not rows or rows[0][1][:2] != ["source", "target"] or len(rows[0][1]) < 3:
        raise DatasetError(f"{path}:1: expected the columns source, target, and a score or several")
    heads = rows[0][1]
    for number, cells in rows[1:]:
        if len(cells) != len(heads):
            raise DatasetError(f"{path}:{number}: {len(cells)} columns, {len(heads)} expected")
        for head, cell in zip(heads[2:], cells[2:], strict=True):
            if not cell.strip():
                continue
            try:
                value = float(cell)
            except ValueError:
                value = math.inf
            if not math.isfinite(value):
                raise DatasetError(f"{path}:{number}: '{cell[:40]}' is no score")
            yield head, cells[0], cells[1], value


def _json_cells(path: Path) -> Iterator[Cell]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        rows, run = data["rows"], data.get("run", {})
    except OSError as error:
        raise DatasetError(describe_os_error(path, error)) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DatasetError(f"{path}: not readable as results of an evaluation") from error
    settings = run.get("settings", {}) if isinstance(run, dict) else {}
    for row in rows if isinstance(rows, list) else ():
        if not isinstance(row, dict) or not isinstance(row.get("language"), str):
            continue
        source = row.get("source") or settings.get("train_language") or settings.get("source")
        if not isinstance(source, str):
            if isinstance(settings.get("train"), list) and len(settings["train"]) > 1:
                raise DatasetError(
                    f"{path}: learned from several languages; a score of transfer has one source"
                )
            raise DatasetError(
                f"{path}: does not say from which language was transferred; give --source to eval "
                "impact"
            )
        yield from _row_cells(row, source)


def _row_cells(row: Mapping[str, Any], source: str) -> Iterator[Cell]:
    layer, name = row.get("layer"), row.get("set")
    for metric in _METRICS:
        value = row.get(metric)
        value = value.get("mean") if isinstance(value, dict) else value
        if isinstance(value, (int, float)) and math.isfinite(value):
            parts = [name if isinstance(name, str) else "", metric]
            parts += [] if layer is None else [f"layer-{layer}"]
            yield ".".join(part for part in parts if part), source, row["language"], float(value)
