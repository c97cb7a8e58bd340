"""The sections of the page that show scores of vectors and models, as their views say."""

from __future__ import annotations

from collections.abc import Mapping

from x2static.core.evaluation import Column, View
from x2static.core.languages.language import name_of
from x2static.page.html import Child, Html, element
from x2static.report.draw.charts import bars
from x2static.report.draw.tables import (
    change,
    correlation,
    language,
    panels,
    percent,
    share,
    table,
    whole,
)
from x2static.report.read.run_folder import RunFolder, Table, number, text
from x2static.report.read.score_rows import BeforeAfter, Measured, groups, mean_figure

_WHEN = ("before", "after")
_FEW_COLUMNS = 2  # of so few, whose times the note tells
_METHODS = {"nn": "nearest neighbour", "csls": "CSLS"}


def score_section(run: RunFolder, one: Measured) -> Html | None:
    """An evaluation as a part of the page; nothing where the folder holds no scores of it."""
    return _twofold(run, one) if one.is_twofold else _once(run, one)


def _twofold(run: RunFolder, one: Measured) -> Html | None:
    """Before and after, a table for each direction and method."""
    if not one.pairs:
        return None
    view, what = one.view, changed_by(run, one)
    rejected = run.rejected if what == "alignment" else {}
    tabs: list[tuple[str, Child]] = [
        (_tab(method, run.hub, is_forward=is_forward), _pair_table(view, some, rejected))
        for method, is_forward, some in groups(one.pairs)
    ]
    what = what or "the change"
    note = view.note + _tested(one.pairs) + _measured(one.pairs, what)
    note += _rejected(run) if rejected else ""
    with_what = _subjects(run, one)
    said = element("p", f"{view.subjects} {with_what}.", class_="soft small")
    return section(
        one.name,
        view.title,
        note,
        said if with_what else None,
        _legend(what),
        panels(one.name, tabs),
    )


def _once(run: RunFolder, one: Measured) -> Html | None:
    """Measured once: a row for each test set."""
    if not one.rows:
        return None
    view, main = one.view, one.view.columns[0]
    rows: list[list[Child]] = [
        [
            language(code),
            element("bdi", text(row, "dataset")),
            bars([("one", number(row, main.figure))]),
            *(_cell(row, c) for c in view.columns),
        ]
        for code, row in one.rows
    ]
    heads = ["Language", "test set", "", *(column.title for column in view.columns)]
    with_what = _subjects(run, one)
    note = view.note + (f" {view.subjects} {with_what}." if with_what else "")
    return section(one.name, view.title, note, table(view.table, heads, rows, numbers_from=3))


def changed_by(run: RunFolder, one: Measured) -> str:
    """What lies between two scores: training, alignment, or nothing known."""
    settings = (found for when in one.stages for found in one.settings(run, when))
    known = (what for found in settings if (what := one.view.between(found)))
    return next(known, "")


def section(key: str, title: str, note: str, *content: Child) -> Html:
    """A part of the page, with an anchor."""
    return element(
        "section", element("h2", title), element("p", note, class_="soft small"), content, id=key
    )


def _pair_table(view: View, some: list[BeforeAfter], rejected: Mapping[str, str]) -> Html:
    main, *others = view.columns
    heads = ["Language", "", *(f"{view.heading} {when}".strip() for when in _WHEN), "change"]
    heads += [column.title for column in others]
    rows: list[list[Child]] = [
        [
            language(pair.language, rejected),
            _two(pair, main.figure),
            *_before_after(pair, main.figure, main.of),
            *(_cell(pair.last, c) for c in others),
        ]
        for pair in some
    ]
    rows += _mean_row(some, main.figure, len(others))
    if _is_mixed(some) and len(others) > _FEW_COLUMNS:
        heads.append(f"{others[0].title} to {others[-1].title}")
        times = ["after" if pair.after else "before" for pair in some]
        for row, time in zip(rows, [*times, ""], strict=False):
            row.append(time)
    return table(view.table, heads, rows, numbers_from=2)


def _cell(row: Table, column: Column) -> Child:
    value = number(row, column.figure)
    if column.kind == "count":
        return whole(value)
    if column.kind in ("percent", "coverage"):
        return percent(value, 0 if column.kind == "coverage" else 1)
    items = _items(row, column.of)
    if column.kind == "share":
        return share(value, items)
    return correlation(value, items, ranks=column.kind == "ranks")


def _items(row: Table, key: str) -> float | None:
    """How many a figure is of; records of earlier versions lack the covered pairs."""
    if key != "covered" or key in row:
        return number(row, key)
    pairs, coverage = number(row, "pairs"), number(row, "coverage")
    return None if pairs is None or coverage is None else round(pairs * coverage)


def _is_mixed(some: list[BeforeAfter]) -> bool:
    """Whether some were measured afterwards and some were not."""
    return len({bool(pair.after) for pair in some}) > 1


def _measured(found: list[BeforeAfter], what: str) -> str:
    """Which of the two times the single columns are of."""
    if _is_mixed(found):
        return f"Some languages were measured before {what} only: all their columns are of then."
    if not found[0].after:
        return f"So far measured before {what} only."
    return f"Columns without a time are those after {what}."


def _tested(found: list[BeforeAfter]) -> str:
    """What the p beside a change is."""
    if not any(pair.test for pair in found):
        return ""
    return (
        "p: how often chance alone would part gains and losses so unevenly (McNemar's exact test "
        "on the same items); a change without colour is no news. "
    )


def _rejected(run: RunFolder) -> str:
    """What "after" means for languages that were left as they were."""
    if not run.rejected:
        return ""
    names = ", ".join(name_of(code) for code in run.rejected)
    return f" {names}: the alignment was rejected, so before and after are the same vectors."


def _before_after(pair: BeforeAfter, name: str, items: str) -> list[Child]:
    before, after = number(pair.before, name), number(pair.after, name)
    return [
        share(before, number(pair.before, items)),
        share(after, number(pair.after, items), strong=True),
        change(before, after, pair.test),
    ]


def _mean_row(some: list[BeforeAfter], name: str, more: int) -> list[list[Child]]:
    if len(some) < 2:
        return []
    before, after = (mean_figure(some, name, when) for when in ("before", "after"))
    drawn = bars([("before", before), ("after", after)])
    both = [percent(before), element("strong", percent(after)), change(before, after)]
    twice = sum(None not in (number(p.before, name), number(p.after, name)) for p in some)
    said = f"mean of the {twice} measured twice" if 0 < twice < len(some) else "mean"
    return [[element("em", said), drawn, *both, *[""] * more]]


def _two(pair: BeforeAfter, name: str) -> Html:
    return bars([("before", number(pair.before, name)), ("after", number(pair.after, name))])


def _tab(method: str, hub: str | None, *, is_forward: bool) -> str:
    other = hub or "the hub"
    way = f"to {other}" if is_forward else f"from {other}"
    return f"{way}, {_METHODS.get(method, method)}" if method else way


def _legend(what: str) -> Html:
    keys = [
        [element("span", class_=f"key {when}"), f" {when} {what}".rstrip(), "  "] for when in _WHEN
    ]
    return element("p", keys, class_="small legend", aria_hidden="true")


def _subjects(run: RunFolder, one: Measured) -> str:
    """What was measured before and after; of one time, only what all its files agree on."""
    shown: dict[str, str] = {}
    for when in one.stages:
        found = [one.view.subject(settings) for settings in one.settings(run, when)]
        if found and found[0] and (when or len(set(found)) == 1):
            shown[when] = found[0]
    if len(set(shown.values())) == 1:
        return next(iter(shown.values()))
    return "; ".join(f"{what} ({when})" for when, what in shown.items())
