"""The page of an analysis: heat maps of correlations and of scores, tables of tests."""

from __future__ import annotations

from typing import Any

from x2static.languages.draw.frame import page, section
from x2static.languages.draw.pictures import heat, simple_table
from x2static.page.html import Html

_NOTE = (
    "Interval: 95 %, languages drawn anew. p of pairs takes pairs of languages for independent, as "
    "published tables do, and is too small; p of Mantel shuffles languages; Holm corrects for all "
    "tests of the table."
)
_HEADS = ["", "with", "pairs", "Pearson", "95 %", "p, pairs", "p, Mantel", "Holm",
          "Spearman", "95 %", "p, pairs", "p, Mantel", "Holm"]  # fmt: skip


def analysis_page(data: dict[str, Any]) -> str:
    """The whole page."""
    said = f"{len(data['languages'])} languages: {' '.join(data['languages'])}."
    return page("Distances between languages", said, analysis_sections(data))


def analysis_sections(data: dict[str, Any]) -> list[Html]:
    """The sections of the page, for the report, too."""
    found = []
    if data["distances"]:
        found.append(
            section("Distances with each other", _NOTE, _square(data), _tests(data["distances"]))
        )
    if data["scores"]:
        found.append(
            section(
                "Distances with scores of transfer", _NOTE, _across(data), _tests(data["scores"])
            )
        )
    if data["partial"]:
        numbers = ("value", "p_mantel", "p_holm")
        rows = [
            [row["first"], row["second"], row["control"], *(_number(row[key]) for key in numbers)]
            for row in data["partial"]
        ]
        heads = ["distance", "with", "held fixed", "r", "p", "Holm"]
        found.append(
            section(
                "One distance held fixed",
                "Partial Mantel tests.",
                simple_table(heads, rows, numbers_from=3),
            )
        )
    if data["between_scores"]:
        found.append(section("Scores with each other", _NOTE, _tests(data["between_scores"])))
    if data["families"]:
        families = [
            [row["kind"], str(row["groups"]), f"{row['value']:.3f}", f"{row['p']:.4f}"]
            for row in data["families"]
        ]
        note = "Clusters of each distance, as many as families: adjusted Rand index and its p."
        heads = ["distance", "groups", "index", "p"]
        found.append(section("Families", note, simple_table(heads, families)))
    for name, one in list(data["matrices"].items())[:4]:
        sources = [n for n, row in enumerate(one["values"]) if any(v is not None for v in row)]
        picture = heat(
            f"{name}: row trained, column tested",
            [one["languages"][row] for row in sources],
            one["languages"],
            [one["values"][row] for row in sources],
            digits=1,
            scale=100.0,
        )
        found.append(section(name, "Times 100.", picture))
    return found


def _square(data: dict[str, Any]) -> Html:
    kinds = data["kinds"]
    found = {(row["first"], row["second"]): row["spearman"]["value"] for row in data["distances"]}
    values = [
        [1.0 if a == b else found.get((a, b), found.get((b, a))) for b in kinds] for a in kinds
    ]
    numbers = [str(number) for number in range(1, len(kinds) + 1)]
    named = [f"{kind}  {number}" for kind, number in zip(kinds, numbers, strict=True)]
    return heat("Spearman's correlation", named, numbers, values, signed=True)


def _across(data: dict[str, Any]) -> Html:
    names = list(dict.fromkeys(row["second"] for row in data["scores"]))
    found = {(row["second"], row["first"]): row["pearson"]["value"] for row in data["scores"]}
    values = [[found.get((name, kind)) for kind in data["kinds"]] for name in names]
    numbers = [str(number) for number in range(1, len(data["kinds"]) + 1)]
    title = "Pearson's correlation of score and distance: " + ", ".join(
        f"{number} {kind}" for number, kind in zip(numbers, data["kinds"], strict=True)
    )
    return heat(title, names, numbers, values, signed=True)


def _tests(rows: list[dict[str, Any]]) -> Html:
    lines = []
    for row in rows:
        cells = [row["first"], row["second"], str(row["pairs"])]
        for kind in ("pearson", "spearman"):
            one = row[kind]
            low, high = one["interval"] or (None, None)
            cells += [_number(one["value"]), f"[{_number(low)}, {_number(high)}]"]
            cells += [_number(one[key], 4) for key in ("p_pairs", "p_mantel", "p_holm")]
        lines.append(cells)
    return simple_table(_HEADS, lines, numbers_from=2)


def _number(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
