"""The zero-shot tasks: models beside each other, a table for each metric."""

from __future__ import annotations

from x2static.core.scores.intervals import shown
from x2static.page.html import Child, Html, element
from x2static.report.draw.charts import bars
from x2static.report.draw.tables import language, panels, percent, table
from x2static.report.read.run_folder import RunFolder, Table, number, text
from x2static.report.read.run_folder import table as as_table
from x2static.report.read.score_rows import Tested, downstream
from x2static.report.sections.score_sections import section

_COLORS = 8


def downstream_section(run: RunFolder) -> Html | None:
    """Zero-shot tasks."""
    tasks = list(downstream(run))
    if not tasks:
        return None
    parts = [
        (f"{task.name} ({task.kind}): {task.view.metrics[metric]}", _task_table(task, metric))
        for task in tasks
        for metric in task.metrics
    ]
    note = (
        "Models fine-tuned in one language, then tested in each, times 100; mean over seeds ± "
        "standard deviation. Zero-shot: the mean over the languages they were not fine-tuned in. "
        "In brackets: Wilson's 95 % interval by the questions, or by the words of an accuracy; the "
        "F1 of tags has none."
    )
    return section("downstream", "Zero-shot tasks", note, panels("downstream", parts))


def _task_table(task: Tested, metric: str) -> Html:
    models = list(dict.fromkeys(text(row, "model") for row in task.rows))
    cells: dict[tuple[str, str], dict[str, Table]] = {}
    for row in task.rows:
        key = (text(row, "set"), text(row, "language"))
        cells.setdefault(key, {})[text(row, "model")] = row
    rows = []
    for (name, code), found in cells.items():
        figures = [as_table(found.get(model, {}).get(metric)) for model in models]
        drawn = bars([(_color(place), number(one, "mean")) for place, one in enumerate(figures)])
        is_average = code in ("average", "zero-shot", "transfer gap")
        rows.append(
            [
                element("em", code) if is_average else language(code),
                element("bdi", name),
                drawn,
                *(_figure(found.get(model, {}), metric) for model in models),
            ]
        )
    keys = [
        element("span", element("span", class_=f"key {_color(place)}"), " ", element("bdi", model))
        for place, model in enumerate(models)
    ]
    heads = ["Language", "test set", "", *keys]
    return table(f"{task.name}, {task.view.metrics[metric]}", heads, rows, numbers_from=3)


def _color(model: int) -> str:
    return f"m{model % _COLORS}"


def _figure(row: Table, metric: str) -> Child:
    """Mean, deviation over seeds, interval over test sets."""
    said = _spread(as_table(row.get(metric)))
    ends = as_table(row.get("interval_95")).get(metric)
    if not (isinstance(ends, list) and len(ends) == 2):
        return said
    low, high = (number({"end": end}, "end") for end in ends)
    if low is None or high is None:
        return said
    return [said, " ", element("span", shown((low, high)), class_="interval")]


def _spread(figure: Table) -> str:
    mean, deviation = number(figure, "mean"), number(figure, "sd")
    if deviation is None:
        return percent(mean)
    return f"{percent(mean)} ±{percent(deviation)}"
