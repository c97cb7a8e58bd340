"""Two runs on one page."""

from __future__ import annotations

from collections.abc import Sequence

from x2static.compare.neighbors import Changed
from x2static.compare.scores import Change, Score
from x2static.page.document import document, part
from x2static.page.html import Child, Html, element
from x2static.report.draw.tables import change, language, percent, table, word
from x2static.report.read.run_folder import RunFolder

MARK = '<body class="compare">'
_SHOWN = 40


def comparison_page(
    first: RunFolder,
    second: RunFolder,
    scores: Sequence[Change],
    settings: Sequence[tuple[str, str, str]],
    near: dict[str, list[Changed]],
) -> str:
    """The whole page."""
    names = [run.root.resolve().name for run in (first, second)]
    title = f"{names[0]} and {names[1]}"
    sections = [_scores(scores, names), _settings(settings, names), _neighbors(near, names)]
    body = [
        element("a", "to the content", href="#content", class_="skip"),
        element(
            "header",
            element("h1", element("bdi", title)),
            element("p", "X2Static comparison", class_="soft"),
            class_="top",
        ),
        element("main", sections, id="content"),
    ]
    made = document(
        f"{title} · X2Static comparison",
        body,
        style=part("x2static.page", "style.css") + part("x2static.report", "style.css"),
        script=part("x2static.page", "downloads.js"),
    )
    return made.replace("<body>", MARK, 1)


def _scores(scores: Sequence[Change], names: Sequence[str]) -> Html:
    note = (
        "All times 100. p: how often chance alone would part gains and losses so unevenly "
        "(McNemar's exact test on the same items); a change without colour is no news. Without p "
        "the items are not the same, or not known one by one."
    )
    rows: list[list[Child]] = [
        [
            language(one.known.language),
            one.known.evaluation,
            " ".join(part for part in (one.known.what, one.known.when) if part),
            one.known.title,
            percent(_value(one.first)),
            percent(_value(one.second)),
            change(_value(one.first), _value(one.second), one.test),
        ]
        for one in scores
    ]
    heads = ["Language", "evaluation", "what", "figure", *_bdi(names), "change"]
    shown = table("Scores", heads, rows, numbers_from=4) if rows else element("p", "None.")
    return element(
        "section",
        element("h2", "Scores"),
        element("p", note, class_="soft small"),
        shown,
        id="scores",
    )


def _value(score: Score | None) -> float | None:
    return None if score is None else score.value


def _settings(settings: Sequence[tuple[str, str, str]], names: Sequence[str]) -> Html:
    rows = [[element("code", name), before, after] for name, before, after in settings]
    shown = element("p", "No setting differs.")
    if rows:
        shown = table("Settings", ["setting", *_bdi(names)], rows, numbers_from=9)
    return element("section", element("h2", "Settings that differ"), shown, id="settings")


def _neighbors(near: dict[str, list[Changed]], names: Sequence[str]) -> Html | None:
    if not near:
        return None
    note = (
        f"Frequent content words that both runs know and their nearest words, those that changed "
        f"most first, {_SHOWN} of each language. More change is neither better nor worse."
    )
    parts = []
    for code, rows in near.items():
        kept = sum(row.kept for row in rows) / len(rows)
        head = element("h3", language(code), f": {100 * kept:.0f} % of the neighbours are the same")
        cells: list[list[Child]] = [
            [
                word(row.word),
                _words(row.first, code),
                _words(row.second, code),
                percent(row.kept, 0),
            ]
            for row in rows[:_SHOWN]
        ]
        heads: list[Child] = ["word", *_bdi(names), "same, %"]
        parts.append([head, table(f"Neighbours in {code}", heads, cells, numbers_from=3)])
    return element(
        "section",
        element("h2", "Neighbours that changed"),
        element("p", note, class_="soft small"),
        parts,
        id="neighbors",
    )


def _words(words: Sequence[str], code: str) -> list[Child]:
    return [[", " if place else "", word(one, code)] for place, one in enumerate(words)]


def _bdi(names: Sequence[str]) -> list[Child]:
    return [element("bdi", name) for name in names]
