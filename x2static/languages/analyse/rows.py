"""Rows of tests: two distances, a distance and a score, two scores."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, get_args

import numpy as np

from x2static.languages.statistics.correlation import (
    Kind,
    Values,
    correlation,
    holm,
    naive_p,
    of_kind,
    over_languages,
)
from x2static.languages.statistics.mantel import Cells, mantel, partial_mantel

KINDS: tuple[Kind, ...] = get_args(Kind)
LEAST = 4  # languages, below which nothing is tested


@dataclass(frozen=True)
class Effort:
    """How much is drawn at random, and from which seed."""

    draws: int
    permutations: int
    seed: int


def upper(size: int) -> Cells:
    """The pairs of a symmetric matrix."""
    return np.triu_indices(size, 1)


def measured(matrix: Values) -> Cells:
    """The cells of a score that are known, those from a language to itself left out.

    Trained and tested in one language is no transfer, and would make every distance look strong.
    """
    known = np.isfinite(matrix) & ~np.eye(len(matrix), dtype=bool)
    rows, columns = np.nonzero(known)
    return rows, columns


def correlation_row(
    names: tuple[str, str], table: Values, y: Values, cells: Cells, effort: Effort
) -> dict[str, Any]:
    """Both correlations of a matrix with the values of some cells.

    Args:
        names: of the two sides.
        table: (L, L) symmetric distances.
        y: (P,) the other side.
        cells: rows and columns of ``y`` in the table.
        effort: how much to draw.
    """
    x = table[cells]
    pairs = int((np.isfinite(x) & np.isfinite(y)).sum())
    row: dict[str, Any] = {"first": names[0], "second": names[1], "pairs": pairs}
    row["languages"] = len(set(cells[0].tolist()) | set(cells[1].tolist()))
    for kind in KINDS:
        both = np.isfinite(x) & np.isfinite(y)
        a, b = (of_kind(np.where(both, v, np.nan), kind) for v in (x, y))
        value = float(correlation(a, b)[0]) if pairs >= LEAST else math.nan
        row[kind] = {
            "value": value,
            "interval": over_languages(x, y, cells, len(table), kind, effort.draws, effort.seed)
            if pairs >= LEAST
            else None,
            "p_pairs": naive_p(value, pairs, kind),
            "p_mantel": mantel(table, y, cells, kind, effort.permutations, effort.seed)
            if pairs >= LEAST
            else math.nan,
        }
    return row


def partial_rows(
    name: str, tables: dict[str, Values], y: Values, cells: Cells, effort: Effort
) -> list[dict[str, Any]]:
    """Partial Mantel tests of every distance with a score, each other distance held fixed."""
    rows = []
    for first, table in tables.items():
        for control, other in tables.items():
            if control == first:
                continue
            value, p = partial_mantel(
                table, y, other, cells, "pearson", effort.permutations, effort.seed
            )
            rows.append(
                {"first": first, "second": name, "control": control, "value": value, "p_mantel": p}
            )
    return correct(rows)


def controlled_rows(
    tables: dict[str, Values], control: str, effort: Effort
) -> list[dict[str, Any]]:
    """Partial Mantel tests of every two distances, a third held fixed."""
    rows = []
    others = {kind: table for kind, table in tables.items() if kind != control}
    for first, second in combinations(others, 2):
        cells = upper(len(tables[control]))
        value, p = partial_mantel(
            others[first],
            others[second][cells],
            tables[control],
            cells,
            "pearson",
            effort.permutations,
            effort.seed,
        )
        rows.append(
            {"first": first, "second": second, "control": control, "value": value, "p_mantel": p}
        )
    return correct(rows)


def correct(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with Holm's correction over all of them, kind by kind."""
    for kind in KINDS:
        of_kind_ = [row[kind] for row in rows if kind in row]
        for one, p in zip(of_kind_, holm([one["p_mantel"] for one in of_kind_]), strict=True):
            one["p_holm"] = p
    plain = [row for row in rows if "p_mantel" in row]
    for row, p in zip(plain, holm([row["p_mantel"] for row in plain]), strict=True):
        row["p_holm"] = p
    return list(rows)
