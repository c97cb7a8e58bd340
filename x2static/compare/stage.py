"""``x2static compare``: two run folders in, a table and perhaps a page out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from x2static.compare.config import CompareConfig
from x2static.compare.neighbors import Changed, changed_neighbors
from x2static.compare.page import MARK, comparison_page
from x2static.compare.scores import Change, changes, listed
from x2static.compare.settings import differences
from x2static.core.outcome import Outcome
from x2static.core.progress import doing
from x2static.core.scores.paired import shown_p
from x2static.core.storage.outputs import Outputs
from x2static.report.read.run_folder import RunFolder

_FEW = 8


def compare(config: CompareConfig) -> Outcome:
    """Read both folders, write the page if one is asked for, tabulate."""
    outputs = None
    if config.output is not None:
        inputs = [place for root in (config.first, config.second) for place in _files(root)]
        outputs = Outputs("compare", inputs=inputs, overwrite=config.overwrite)
        outputs.claim(config.output, is_folder=False, renews=True, is_ours=_is_page)
    first, second = (RunFolder.open(root) for root in (config.first, config.second))
    scores = changes(listed(first), listed(second))
    settings = differences(first, second)
    doing("comparing neighbours")
    near = changed_neighbors(first, second, config.words, config.top, config.vocabulary)
    if outputs is not None and config.output is not None:
        page = comparison_page(first, second, scores, settings, near)
        with outputs.together() as batch, batch.stage(config.output) as temporary:
            temporary.write_text(page, encoding="utf-8")
    lines = [*_score_lines(scores), "", *_setting_lines(settings), "", *_near_lines(near)]
    if config.output is not None:
        lines.append(f"{config.output}: all of it on one page")
    return Outcome("\n".join(lines), _data(config, scores, settings, near))


def _score_lines(scores: list[Change]) -> list[str]:
    if not scores:
        return ["no scores in either run"]
    heads = ["score, times 100", "first", "second", "change", "p"]
    rows = [heads, *(_row(change) for change in scores)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if not place else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _row(change: Change) -> list[str]:
    known, test = change.known, change.test
    figures = [
        "–" if one is None else f"{100 * one.value:.1f}" for one in (change.first, change.second)
    ]
    difference = change.difference
    return [
        " ".join(part for part in (*known.key, known.title) if part),
        *figures,
        "" if difference is None else f"{100 * difference:+.1f}",
        "" if test is None else shown_p(test.p) + ("" if test.is_news else " no news"),
    ]


def _setting_lines(settings: list[tuple[str, str, str]]) -> list[str]:
    if not settings:
        return ["no setting differs"]
    shown = [f"  {name}: {before} → {after}" for name, before, after in settings]
    head = "1 setting differs" if len(settings) == 1 else f"{len(settings)} settings differ"
    return [f"{head}:", *shown]


def _near_lines(near: dict[str, list[Changed]]) -> list[str]:
    lines = []
    for language, rows in near.items():
        kept = sum(row.kept for row in rows) / len(rows)
        most = ", ".join(row.word for row in rows[:_FEW] if row.kept < 1)
        lines.append(
            f"neighbours in {language}: {100 * kept:.0f} % of {len(rows)} words' are the same"
            + (f"; most changed: {most}" if most else "")
        )
    return lines


def _data(
    config: CompareConfig,
    scores: list[Change],
    settings: list[tuple[str, str, str]],
    near: dict[str, list[Changed]],
) -> dict[str, Any]:
    return {
        "first": str(config.first),
        "second": str(config.second),
        "scores": [
            {
                "evaluation": one.known.evaluation,
                "language": one.known.language,
                "what": one.known.what,
                "when": one.known.when,
                "figure": one.known.title,
                "first": one.first and one.first.value,
                "second": one.second and one.second.value,
                "difference": one.difference,
                "p": one.test and one.test.p,
                "interval_95": one.test and one.test.interval,
            }
            for one in scores
        ],
        "settings": [dict(zip(("name", "first", "second"), row, strict=True)) for row in settings],
        "neighbors": {
            language: [{**vars(row), "kept": row.kept} for row in rows]
            for language, rows in near.items()
        },
    }


def _files(root: Path) -> list[Path]:
    return (
        [place for place in sorted(root.iterdir()) if place.suffix != ".html"]
        if (root.is_dir())
        else []
    )


def _is_page(output: Path) -> bool:
    try:
        with output.open(encoding="utf-8", errors="replace") as stream:
            return MARK in stream.read(65_536)
    except OSError:
        return False
