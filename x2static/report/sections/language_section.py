"""Groups of languages, distances and impact, where a folder holds results of those commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from x2static.languages.analyse.page import analysis_sections
from x2static.languages.cluster.page import cluster_sections
from x2static.languages.draw.pictures import heat
from x2static.page.html import Html, element
from x2static.report.read.run_folder import RunFolder, Table, number, tables, text
from x2static.report.sections.score_sections import section

_GROUPS, _ANALYSIS, _IMPACT = (
    "languages/groups/groups.json",
    "languages/analysis/analysis.json",
    "impact",
)
_SHAPE = (KeyError, TypeError, ValueError, IndexError, AttributeError, StopIteration)


def language_section(run: RunFolder) -> Html | None:
    """What ``languages cluster``, ``languages analyse`` and ``eval impact`` left."""
    parts: list[Html] = []
    made: tuple[tuple[str, Callable[[dict[str, Any]], list[Html]]], ...] = (
        (_GROUPS, cluster_sections),
        (_ANALYSIS, analysis_sections),
    )
    for place, draw in made:
        content = run.read(run.root / place)
        if not content:
            continue
        try:
            parts += draw(content)
        except _SHAPE:
            run.problems.append(f"{place}: of another shape than this program writes")
    for name, content in run.scores(_IMPACT):
        drawn = _impact(name, content)
        if drawn is None:
            run.problems.append(f"scores/{_IMPACT}/{name}.json: no rows of impact")
        else:
            parts.append(drawn)
    if not parts:
        return None
    note = (
        "Languages as a transformer sees them, how far apart they are, and what training did to "
        "each."
    )
    return section("languages", "Languages", note, element("div", parts, class_="inner"))


def _impact(name: str, content: Table) -> Html | None:
    """Languages by layers."""
    found: dict[str, dict[int, float | None]] = {}
    for row in tables(content.get("rows")):
        layer = number(row, "layer")
        if text(row, "language") and layer is not None:
            found.setdefault(text(row, "language"), {})[int(layer)] = number(row, "impact")
    if not found:
        return None
    layers = sorted({layer for row in found.values() for layer in row})
    values = [[row.get(layer) for layer in layers] for row in found.values()]
    picture = heat(
        f"Impact (1 - CKA) by language and layer, {name}",
        list(found),
        list(map(str, layers)),
        values,
        digits=3,
    )
    return element("section", element("h3", f"What training did: {name}"), picture)
