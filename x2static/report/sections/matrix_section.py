"""Sentences of every language looked for in every other one, as heat maps."""

from __future__ import annotations

from statistics import mean

from x2static.languages.draw.pictures import heat
from x2static.page.html import Html, element
from x2static.report.draw.tables import panels
from x2static.report.read.run_folder import RunFolder, Table, number, table, tables, text
from x2static.report.sections.score_sections import section

STAGE = "retrieval"
_METHODS = {"nn": "nearest neighbour", "csls": "CSLS", "margin": "ratio margin"}
_MEAN = "mean"


def matrix_section(run: RunFolder) -> Html | None:
    """What ``eval retrieval --parallel`` left in ``scores/retrieval``."""
    tabs = []
    for name, content in run.scores(STAGE):
        found = _matrices(content)
        if not found:
            run.problems.append(f"scores/{STAGE}/{name}.json: no rows of two languages")
        for method, scores in found.items():
            said = f"{name}, {_METHODS.get(method, method)}"
            tabs.append((said, _drawn(said, scores)))
    if not tabs:
        return None
    note = (
        "From the language of the row to that of the column: how often a sentence's translation is "
        "the nearest sentence, times 100. A pale column is a language that is hard to find, a pale "
        "row one that finds badly. The last row and column are means."
    )
    return section("matrices", "Retrieval between all languages", note, panels("matrices", tabs))


def _matrices(content: Table) -> dict[str, dict[tuple[str, str], float]]:
    """Accuracy from one language to another, by method."""
    names = table(content.get("names"))
    found: dict[str, dict[tuple[str, str], float]] = {}
    for row in tables(content.get("rows")):
        value = number(row, "accuracy")
        source, target = (text(row, side) for side in ("source", "target"))
        if source and target and value is not None:
            pair = (text(names, source) or source, text(names, target) or target)
            found.setdefault(text(row, "method"), {})[pair] = value
    return found


def _drawn(title: str, scores: dict[tuple[str, str], float]) -> Html:
    codes = list(dict.fromkeys(code for pair in scores for code in pair))
    values = [[scores.get((source, target)) for target in codes] for source in codes]
    rows = [[*row, _mean(row)] for row in values]
    rows.append([*map(_mean, zip(*values, strict=True)), mean(scores.values())])
    heads = [*codes, _MEAN]
    picture = heat(f"Sentences found: {title}", heads, heads, rows, digits=1, scale=100)
    return element("div", picture, class_="inner")


def _mean(values: tuple[float | None, ...] | list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return mean(known) if known else None
