"""The training curves."""

from __future__ import annotations

from x2static.page.html import Child, Html, element
from x2static.report.draw.charts import lines, short
from x2static.report.draw.tables import table, whole
from x2static.report.read.curves import Figure, read_curves, title_of
from x2static.report.read.run_folder import RunFolder, number
from x2static.report.read.run_folder import table as as_table
from x2static.report.sections.score_sections import section

_ROWS = 40


def training_section(run: RunFolder) -> Html | None:
    """One chart for each figure of each training run."""
    parts: list[Child] = []
    for folder in run.curves():
        curves = read_curves(run, folder / "curve.jsonl")
        if curves:
            chosen = number(as_table(run.read(folder / "run.json").get("chosen")), "step")
            said = "" if chosen is None else f" (the model after update {chosen:,.0f} was kept)"
            if folder.name.endswith(".unfinished"):
                said = " (not finished when this page was made)"
            parts.append(element("h3", element("code", folder.name), said))
            parts.append(
                element(
                    "div",
                    [curve_figure(curve, title_of(curve.name)) for curve in curves],
                    class_="charts",
                )
            )
    if not parts:
        return None
    note = (
        "Figures over the updates of the transformer's further training. Losses are better the "
        "lower they are; those of alignment may lie below zero. Held out: text and words that "
        "are not learned from. Each point is a measurement, lines only join them; point at one "
        "to read it."
    )
    return section("training", "Training curves", note, parts)


def curve_figure(curve: Figure, title: str) -> Html:
    """A chart with its key and its numbers."""
    series = [("train", "training", curve.training), ("held", "held out", curve.validation)]
    keys = [
        element("span", element("span", class_=f"key {name}"), f" {shown}  ")
        for name, shown, points in series
        if points
    ]
    thinned = curve.total > len(curve.training)
    note = f"{len(curve.training)} of {curve.total:,} points" if thinned else None
    numbers = element(
        "details", element("summary", "numbers"), _numbers(title, curve), class_="small"
    )
    return element(
        "figure",
        element("figcaption", title),
        lines(title, series),
        element("p", keys, note, class_="small soft"),
        numbers,
    )


def _numbers(title: str, curve: Figure) -> Html:
    """The chart's points as a table; of many, every so many-th."""
    by_step: dict[float, list[str]] = {}
    for place, points in enumerate((curve.training, curve.validation)):
        stride = -(-len(points) // _ROWS) or 1
        kept = points[::stride]
        if points and kept[-1] != points[-1]:
            kept = [*kept, points[-1]]
        for step, value in kept:
            by_step.setdefault(step, ["–", "–"])[place] = short(value)
    rows = [[whole(step), *by_step[step]] for step in sorted(by_step)]
    return table(title, ["update", "training", "held out"], rows)
