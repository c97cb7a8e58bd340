"""The tables of scripts/quality/distill.py in Markdown, and the order of their rows."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.quality.distill_methods import METHODS, STATED
from scripts.quality.teacher import HUB
from scripts.results import provenance, read_rows


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """A Markdown table for each teacher and size."""
    groups: dict[tuple[str, int], list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["teacher"], row["sentences"]), []).append(row)
    parts = []
    for (teacher, sentences), members in groups.items():
        parts.append(f"{STATED[teacher]}; {sentences:,} sentences a language:\n")
        parts.append(one_table(members))
    return "\n".join(parts)


def one_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows of one teacher and size, then what they rest on."""
    spokes, languages = list(rows[0]["bli"]), list(rows[0]["similarity"])
    lines = [*heading(rows[0])]
    for row in rows:
        cells = (f"{100 * figure:.1f}" for figure in figures(row))
        lines.append(f"| {METHODS[row['method']][0]} | {' | '.join(cells)} |")
    last = rows[-1]
    margins = [last["bli"][n][f"{when} margin"] for when in ("before", "after") for n in spokes]
    margins += [last["similarity"][name]["margin"] for name in languages]
    lines.append(
        f"| *half a 95 % interval, last row* | {' | '.join(f'{100 * m:.1f}' for m in margins)} |"
    )
    rests = [f"{last['bli'][n]['queries']} ({100 * last['bli'][n]['coverage']:.0f} %)"
             for _ in range(2) for n in spokes]  # fmt: skip
    known = [last["similarity"][name] for name in languages]
    rests += [f"{each['pairs']:,} ({100 * each['coverage']:.0f} %)" for each in known]
    lines.append(f"| *queries or pairs covered* | {' | '.join(rests)} |")
    return "\n".join(lines) + "\n"


def spread_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Mean and standard deviation of every figure over the seeds, for each teacher and size."""
    groups: dict[tuple[str, int], list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["teacher"], row["sentences"]), []).append(row)
    parts = []
    for (teacher, sentences), members in groups.items():
        seeds = sorted({row["seed"] for row in members})
        parts.append(
            f"{STATED[teacher]}; {sentences:,} sentences a language, another part of the text for "
            f"each of {len(seeds)} seeds; mean ± standard deviation:\n"
        )
        lines = [*heading(members[0])]
        for method in dict.fromkeys(row["method"] for row in members):
            columns = zip(*(figures(r) for r in members if r["method"] == method), strict=True)
            lines.append(f"| {METHODS[method][0]} | {' | '.join(map(mean_and_spread, columns))} |")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def mean_and_spread(values: Sequence[float]) -> str:
    """Both in percent; a single value has no spread."""
    mean = f"{100 * statistics.mean(values):.1f}"
    return f"{mean} ± {100 * statistics.stdev(values):.1f}" if len(values) > 1 else mean


def heading(row: Mapping[str, Any]) -> tuple[str, str]:
    """The first two lines of a table."""
    spokes, languages = list(row["bli"]), list(row["similarity"])
    head = ["vectors", *(f"{name}-{HUB}, unaligned" for name in spokes)]
    head += [f"{name}-{HUB}, aligned" for name in spokes]
    head += [f"similarity {name}" for name in languages]
    return f"| {' | '.join(head)} |", "|---" + "|---:" * (len(head) - 1) + "|"


def figures(row: Mapping[str, Any]) -> list[float]:
    """A row's figures in the order of the heading."""
    found = [row["bli"][name][when] for when in ("before", "after") for name in row["bli"]]
    return [*found, *(each["spearman"] for each in row["similarity"].values())]


def merged(earlier: Path, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The new rows, and those of an earlier table for other cells."""

    def place(row: Mapping[str, Any]) -> tuple[int, ...]:
        teacher, method = list(STATED).index(row["teacher"]), list(METHODS).index(row["method"])
        return teacher, row["sentences"], method, row.get("seed", 0)

    kept = read_rows(earlier)
    made = {place(row) for row in rows}
    return sorted([*rows, *(row for row in kept if place(row) not in made)], key=place)


def provenance_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Where the cells come from: the seeds are `distill`'s, and the random teacher's."""
    sizes = ", ".join(f"{size:,}" for size in sorted({row["sentences"] for row in rows}))
    seeds = sorted({row.get("seed", 0) for row in rows})
    return provenance(seeds=seeds, n=f"{sizes} sentences a language", repeats=1)
