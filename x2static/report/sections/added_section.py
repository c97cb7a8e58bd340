"""Languages that the run added to the teacher: what each got, and how its loss fell."""

from __future__ import annotations

from x2static.page.html import Child, Html, element
from x2static.report.draw.charts import short
from x2static.report.draw.tables import language, table, whole
from x2static.report.read.curves import read_curves, title_of
from x2static.report.read.run_folder import RunFolder, Table, number, text
from x2static.report.read.run_folder import table as as_table
from x2static.report.sections.score_sections import section
from x2static.report.sections.training_section import curve_figure


def added_section(run: RunFolder) -> Html | None:
    """A row for each language with a vocabulary of its own, and a chart of its masked LM loss."""
    places = {name: run.root / "extended" / name / "languages" / name for name in run.languages}
    records = {name: run.read(place / "run.json") for name, place in places.items()}
    rows = [_row(name, record) for name, record in records.items() if record]
    if not rows:
        return None
    heads = ["Language", "start", "pieces", "alike in the model's vocabulary", "updates",
             "loss before", "loss after", "megabytes", "model, megabytes"]  # fmt: skip
    charts: list[Child] = []
    for name, place in places.items():
        if not records[name] or not (place / "curve.jsonl").exists():
            continue
        for curve in read_curves(run, place / "curve.jsonl"):
            if curve.name == "mlm":
                charts.append(curve_figure(curve, f"{name}: {title_of('mlm')}"))
    note = (
        "Each of these languages has a vocabulary, positions and, if asked for, modules of its "
        "own beside the teacher, which answers in its other languages as before. The loss is that "
        "of masked pieces in held-out text; it is counted in the language's own pieces, so that "
        "losses of two languages, or of two vocabularies, do not compare."
    )
    parts = [table("Added languages", heads, rows, numbers_from=2),
             element("div", charts, class_="charts") if charts else None]  # fmt: skip
    return section("added", "Languages added to the teacher", note, parts)


def _row(name: str, record: Table) -> list[Child]:
    counts, training = as_table(record.get("counts")), as_table(record.get("training"))
    sizes = [number(as_table(counts.get("megabytes")), key) for key in ("language", "base")]
    before = number(as_table(training.get("first_validation")), "mlm")
    after = number(as_table(as_table(training.get("chosen")).get("validation")), "mlm")
    return [
        language(name),
        element("code", text(as_table(record.get("settings")), "init") or "–"),
        whole(number(counts, "pieces")),
        whole(number(counts, "overlapping")),
        whole(number(counts, "updates")),
        *("–" if loss is None else short(loss) for loss in (before, after)),
        *("–" if size is None else f"{size:,.1f}" for size in sizes),
    ]
