"""The tables of scripts/quality/transfer.py."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

STATED = {
    "score": "score",
    "interaction": "score without means of sources and targets",
    "score, known": "score, languages of the teacher",
    "interaction, known": "languages of the teacher, without means",
}
RULES = ("model", "without distances", "nearest genetically", "English")


def tables(found: Mapping[str, Any]) -> str:
    """All tasks: matrix, correlations, recommendation."""
    parts = [part for name, about in found.items() for part in _task(name, about)]
    return "\n\n".join(parts) + "\n"


def _task(name: str, about: Mapping[str, Any]) -> Iterator[str]:
    yield matrix(name, about)
    yield spread(about)
    yield correlations(name, about["correlations"])
    yield recommendation(name, about["recommend"])


def matrix(name: str, about: Mapping[str, Any]) -> str:
    """Source by target, means over seeds x 100."""
    found = {(row["source"], row["language"]): row for row in about["rows"]}
    targets = about["targets"]
    lines = [f"| {name}, {about['metric']}: from | {' | '.join(targets)} | mean of others |"]
    lines.append("|---" + "|---:" * (len(targets) + 1) + "|")
    for source in about["sources"]:
        values = {t: 100 * found[source, t][about["metric"]]["mean"] for t in targets}
        cells = [f"*{v:.1f}*" if t == source else f"{v:.1f}" for t, v in values.items()]
        others = statistics.mean(value for t, value in values.items() if t != source)
        lines.append(f"| {source} | {' | '.join(cells)} | {others:.1f} |")
    return "\n".join(lines)


def spread(about: Mapping[str, Any]) -> str:
    """How far seeds differ, in a sentence."""
    cells = [row[about["metric"]] for row in about["rows"]]
    seeds = len(cells[0]["values"])
    if seeds < 2:
        return f"One seed; {about['n']:,} {about['items']} a target."
    off = statistics.mean(cell["sd"] ** 2 for cell in cells) ** 0.5
    same = about["reliability"]
    return (
        f"{seeds} seeds, {about['n']:,} {about['items']} a target; standard deviation of a cell "
        f"over seeds {100 * off:.1f}; correlation of two seeds' matrices {same['score']:.2f}, "
        f"with the means of sources and targets taken off {same['interaction']:.2f}."
    )


def correlations(name: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """A table for each score, with a distance a line."""
    parts = []
    for score in dict.fromkeys(row["second"] for row in rows):
        lines = [
            f"| {name}, {STATED[score]}: with distance | pairs | Pearson [95 %] | Mantel | Holm "
            "| Spearman [95 %] | p, pairs | Mantel | Holm |",
            "|---" + "|---:" * 8 + "|",
        ]
        for row in rows:
            if row["second"] != score:
                continue
            pearson, spearman = row["pearson"], row["spearman"]
            cells = [row["first"], str(row["pairs"]), _interval(pearson)]
            cells += [_number(pearson[key], 4) for key in ("p_mantel", "p_holm")]
            cells.append(_interval(spearman))
            cells += [_number(spearman[key], 4) for key in ("p_pairs", "p_mantel", "p_holm")]
            lines.append(f"| {' | '.join(cells)} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def recommendation(name: str, found: Mapping[str, Any]) -> str:
    """Regret and NDCG@3 of each rule on targets left out."""
    lines = [f"| {name}, a target left out | targets | points lost against the best source [95 %] "
             "| NDCG@3 [95 %] |", "|---|---|---|---|"]  # fmt: skip
    for number, (distances, about) in enumerate(found.items()):
        for rule in RULES:
            if rule not in about["left_out"] or (number and rule != "model"):
                continue
            one = about["left_out"][rule]
            stated = f"ridge regression, distances: {distances}" if rule == "model" else rule
            regret, ndcg = one["regret"], one["ndcg"]
            low, high = (100 * value for value in regret["interval"])
            lost = f"{100 * regret['mean']:.2f} [{low:.2f}, {high:.2f}]"
            low, high = ndcg["interval"]
            lines.append(f"| {stated} | {one['targets']} | {lost} | {ndcg['mean']:.3f} "
                         f"[{low:.3f}, {high:.3f}] |")  # fmt: skip
    return "\n".join(lines)


def _interval(one: Mapping[str, Any]) -> str:
    low, high = one["interval"] or (None, None)
    return f"{_number(one['value'], 2)} [{_number(low, 2)}, {_number(high, 2)}]"


def _number(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
