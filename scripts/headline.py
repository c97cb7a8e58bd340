"""The README's few figures, each taken from the result file that holds it.

Gains stand beside what does not gain: a row is chosen for the question it answers.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RESULTS = Path("docs/results")
LANGUAGE_PAIRS = ("es-en", "de-en", "fr-en", "fi-en", "ru-en", "hi-en", "ja-en", "zh-en")


@dataclass(frozen=True)
class Line:
    """One row.

    Attributes:
        what: the question, with the size of its answer.
        ours: this program's way, and its figure.
        other: what it is compared with, and its figure.
        source: name of the table that has more.
    """

    what: str
    ours: str
    other: str
    source: str


def headline(root: Path) -> str:
    """The table as Markdown."""
    lines = ["| what | here | beside it | table |", "|---|---|---|---|"]
    for line in _lines(root):
        link = f"[{line.source}]({RESULTS}/{line.source}.md)"
        lines.append(f"| {line.what} | {line.ours} | {line.other} | {link} |")
    return "\n".join(lines) + "\n"


def _lines(root: Path) -> Iterator[Line]:
    yield from _distilled(_read(root, "quality-distill"))
    yield from _aligned(_read(root, "quality-align"))
    yield from _pretrained(_read(root, "quality-widths"))


def _distilled(data: Any) -> Iterator[Line]:
    names = ("default", "aggregate", "x2static-released")
    for teacher, kind in (("minilm", "a sentence encoder"), ("box", "a masked language model")):
        sizes: dict[int, dict[str, Any]] = {}
        for row in data["rows"]:
            if row["teacher"] == teacher and row["method"] in names:
                sizes.setdefault(row["sentences"], {})[row["method"]] = row["similarity"]["en"]
        size = max(size for size, found in sizes.items() if len(found) == len(names))
        english = sizes[size]
        ours, *others = (
            f"`{name}` {100 * english[name]['spearman']:.1f} ± {100 * english[name]['margin']:.1f}"
            for name in names
        )
        pairs = english["default"]["pairs"]
        yield Line(
            f"English word similarity, vectors of {kind} from {size:,} sentences; Spearman x 100, "
            f"{pairs:,} pairs",
            ours,
            "; ".join(others),
            "quality-distill",
        )


def _aligned(data: Any) -> Iterator[Line]:
    methods = data["methods"]

    def average(name: str, shown: str) -> str:
        pairs = methods[name]["pairs"]
        mean = statistics.mean(pairs[pair]["csls"] for pair in LANGUAGE_PAIRS)
        return f"`{shown}` {100 * mean:.1f}"

    what = "Words translated right, mean of {} language pairs, {}; CSLS P@1 in percent"
    count = len(LANGUAGE_PAIRS)
    yield Line(
        what.format(count, "whole dictionary"),
        average("tuned", "tuned"),
        f"plain VecMap (`supervised`) {average('supervised', 'supervised').split()[-1]}; "
        + average("rcsls", "rcsls"),
        "quality-align",
    )
    yield Line(
        what.format(count, "100 words"),
        average("few-tuned", "tuned"),
        average("few-semi-supervised", "semi-supervised --fast"),
        "quality-align",
    )


def _pretrained(data: Any) -> Iterator[Line]:
    for width in (256, 768):
        rows = [row for row in data["rows"] if row["width"] == width]
        blocks = sorted(map(int, rows[0]["retrieval"]))

        def spread(name: str, rows: Any = rows, block: str = str(blocks[0])) -> str:
            kept = [row["retrieval"][block] for row in rows if row["name"] == name]
            shares = [100 * found["flores de"] for found in kept]
            return f"{statistics.mean(shares):.1f} ± {statistics.stdev(shares):.1f}"

        yield Line(
            f"FLORES sentences found, German-English, after {data['steps']} updates of a model "
            f"{width} wide, in percent",
            f"MLM + `dcca` {spread('dcca')}",
            f"MLM alone {spread('none')}; MLM + `dgcca` {spread('dgcca')}",
            "quality-widths",
        )


def _read(root: Path, name: str) -> Any:
    return json.loads((root / RESULTS / f"{name}.json").read_text(encoding="utf-8"))
