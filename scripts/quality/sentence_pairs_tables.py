"""Cells of scripts/quality/sentence_pairs.py as tables: scores, and changes against a base."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean, stdev
from typing import Any

MEASURES = ("tatoeba", "flores", "flores others")
HEADS = ("Tatoeba with en", "FLORES with en", "FLORES, others")


def figures(row: Mapping[str, Any]) -> list[float]:
    """All scores of a cell in percent, in the order of the table."""
    blocks = [scores[name] for scores in row["blocks"].values() for name in MEASURES]
    return [100 * score for score in (*blocks, row["words"])]


def table(rows: Sequence[Mapping[str, Any]], said: Mapping[str, str]) -> str:
    """Means and deviations over seeds, and what each change does to its base, seed by seed.

    Args:
        rows: cells.
        said: what each cell is called; the first word of a cell's name is its base.
    """
    heads = [f"{head}, block {layer}" for layer in rows[0]["blocks"] for head in HEADS]
    heads.append("words")
    lines = [f"| | seeds | {' | '.join(heads)} |", "|---|---:" + "|---:" * len(heads) + "|"]
    changes = ["| change | " + " | ".join(heads) + " |", "|---" + "|---:" * len(heads) + "|"]
    by_cell = {name: [r for r in rows if r["cell"] == name] for name in said}
    for name, own in by_cell.items():
        if not own:
            continue
        columns = zip(*map(figures, own), strict=True)
        base_name = name.split()[0]
        indent = "" if name == base_name else "&nbsp;&nbsp;"
        lines.append(f"| {indent}{said[name]} | {len(own)} | {' | '.join(map(spread, columns))} |")
        base = {r["seed"]: figures(r) for r in by_cell[base_name]}
        both = [
            [a - b for a, b in zip(figures(row), base[row["seed"]], strict=True)]
            for row in own
            if name != base_name and row["seed"] in base
        ]
        if both:
            cells = [changed(column) for column in zip(*both, strict=True)]
            changes.append(f"| {base_name}: {said[name]} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", *changes]) + "\n"


def spread(values: Sequence[float]) -> str:
    """Mean, and deviation where there are several."""
    more = f" ± {stdev(values):.1f}" if len(values) > 1 else ""
    return f"{mean(values):.1f}{more}"


def changed(values: Sequence[float]) -> str:
    """Mean difference, and that of each seed."""
    each = ", ".join(f"{value:+.1f}" for value in values)
    return f"{mean(values):+.1f} ({each})"
