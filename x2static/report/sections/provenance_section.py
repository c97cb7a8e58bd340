"""What was run: tasks, settings, digests of the inputs, versions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from x2static.core.progress import format_seconds
from x2static.page.html import Child, Html, element
from x2static.report.draw.tables import language
from x2static.report.draw.tables import table as shown_table
from x2static.report.read.run_folder import RunFolder, Table, number, table, text
from x2static.report.sections.score_sections import section

_STATES = {"done": "✓", "failed": "✗", "running": "…", "waiting": "○", "skipped": "–"}
_DIGITS = 12


def task_section(run: RunFolder) -> Html | None:
    """Languages by stages, with the time each took."""
    tasks = {(text(t, "language"), text(t, "stage")): t for t in run.tasks}
    if not tasks:
        return None
    stages = list(dict.fromkeys(stage for _, stage in tasks))
    rows: list[list[Child]] = []
    for name in dict.fromkeys(name for name, _ in tasks):
        title = element("em", "all") if name == "*" else language(name)
        rows.append([title, *(_cell(tasks.get((name, stage))) for stage in stages)])
    note = (
        "✓ done, ✗ failed, … running, ○ waiting, – nothing to do; with the time it took, in "
        "minutes and seconds. Before and after: bli, the alignment; retrieval, the training."
    )
    return section("tasks", "Tasks", note, shown_table("Tasks", ["Language", *stages], rows))


def provenance_section(run: RunFolder) -> Html | None:
    """Settings, inputs and versions of every record, what is common said once."""
    records = list(_records(run))
    if not records:
        return None
    commands = list(dict.fromkeys(text(record, "command") for _, record in records))
    folds = [
        _command(name, [pair for pair in records if text(pair[1], "command") == name])
        for name in commands
    ]
    note = (
        "From the run records beside the outputs. Given back as --config, a record repeats its run."
    )
    return section("provenance", "Settings, inputs, versions", note, _versions(records), folds)


def _cell(task: Table | None) -> Child:
    if task is None:
        return ""
    state, seconds = text(task, "state"), number(task, "seconds")
    took = "" if seconds is None else f" {format_seconds(seconds)}"
    said = element("span", f" {state}", class_="hidden")
    return element(
        "span",
        _STATES.get(state, "?"),
        said,
        took,
        class_=f"state {state}",
        title=text(task, "error") or None,
    )


def _records(run: RunFolder) -> Iterator[tuple[str, Table]]:
    """(output, record) of everything in the folder."""
    patterns = (
        "sentences/*.run.json",
        "vectors/*/run.json",
        "aligned/*/run.json",
        "export/*.run.json",
        "*/run.json",
    )
    for pattern in patterns:
        for place in sorted(run.root.glob(pattern)):
            name = place.parent if place.name == "run.json" else place
            output = str(name.relative_to(run.root)).removesuffix(".run.json")
            if record := run.read(place):
                yield output, record
    for place in sorted(run.root.glob("scores/*/*.json")):
        record = table(run.read(place).get("run"))
        if record:
            yield str(place.relative_to(run.root)), record


def _versions(records: list[tuple[str, Table]]) -> Html:
    found: dict[str, dict[str, None]] = {}
    for _, record in records:
        about = {**table(record.get("versions")), "python": record.get("python")}
        about |= {"platform": record.get("platform"), "commit": record.get("commit")}
        for name, value in about.items():
            if isinstance(value, str):
                found.setdefault(name, {})[value] = None
    rows: list[list[Child]] = [
        [name, element("code", ", ".join(values))] for name, values in sorted(found.items())
    ]
    several = sum(len(values) > 1 for values in found.values())
    said = f"versions ({several} of them differ between the records)" if several else "versions"
    return element(
        "details",
        element("summary", said),
        shown_table("Versions", ["what", "version"], rows, numbers_from=9),
        class_="fold",
    )


def _command(name: str, records: list[tuple[str, Table]]) -> Html:
    settings = [table(record.get("settings")) for _, record in records]
    keys = list(dict.fromkeys(key for one in settings for key in one))
    shown = {key: [_short(one.get(key)) for one in settings] for key in keys}
    common: list[list[Child]] = [
        [key, element("code", values[0])] for key, values in shown.items() if len(set(values)) == 1
    ]
    own = [key for key in keys if len(set(shown[key])) > 1]
    rows: list[list[Child]] = []
    for place, (output, record) in enumerate(records):
        seconds = number(record, "seconds")
        rows.append(
            [
                element("code", output),
                "–" if seconds is None else format_seconds(seconds),
                element(
                    "code", text(record, "started")[:19].replace("T", " ") or "–", class_="once"
                ),
                *(element("code", shown[key][place]) for key in own),
                _inputs(record),
            ]
        )
    heads: list[Child] = [
        "output",
        "took",
        "started (UTC)",
        *own,
        "inputs (first digits of SHA-256)",
    ]
    return element(
        "details",
        element("summary", element("code", name), f" · {len(records)}"),
        shown_table(f"Records of {name}", heads, rows, numbers_from=99),
        element("h3", "settings of all of them"),
        shown_table(f"Common settings of {name}", ["setting", "value"], common, numbers_from=99),
        class_="fold",
    )


def _inputs(record: Table) -> Child:
    lines = []
    for path, fingerprint in table(record.get("inputs")).items():
        digest = text(table(fingerprint), "sha256")[:_DIGITS] or "unknown"
        shown = [Path(path).name, " ", element("span", digest, class_="code")]
        lines.append([element("code", shown, class_="once"), element("br")])
    return lines or "–"


def _short(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return " ".join(value) if len(value) <= 6 else f"{' '.join(value[:5])} … ({len(value)})"
    return json.dumps(value, ensure_ascii=False)
