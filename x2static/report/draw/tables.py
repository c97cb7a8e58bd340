"""Tables: numbers to the right, a wide one scrolls in its own frame, rows named for a reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from x2static.core.languages.language import name_of
from x2static.core.scores.intervals import Interval, correlation_interval, share_interval, shown
from x2static.core.scores.paired import Paired, shown_p
from x2static.page.html import Child, Html, element

UNALIGNED = "written unaligned"
MOST_TABS = 8  # as many as style.css has rules for


def table(
    caption: str, heads: Sequence[Child], rows: Sequence[Sequence[Child]], *, numbers_from: int = 1
) -> Html:
    """A table whose first column names the rows.

    Args:
        caption: what it shows; read aloud, not seen.
        heads: of the columns.
        rows: cells; a plain text or an element.
        numbers_from: the first column that holds numbers.
    """

    def kind(place: int) -> str | None:
        return "num" if place >= numbers_from else None

    head = element(
        "tr", [element("th", text, scope="col", class_=kind(i)) for i, text in enumerate(heads)]
    )
    body = [
        element(
            "tr",
            [
                element("th", cell, scope="row") if i == 0 else element("td", cell, class_=kind(i))
                for i, cell in enumerate(row)
            ],
        )
        for row in rows
    ]
    made = element(
        "table",
        element("caption", element("span", caption, class_="hidden")),
        element("thead", head),
        element("tbody", body),
    )
    return element("div", made, class_="frame", tabindex="0", role="region", aria_label=caption)


def percent(value: float | None, digits: int = 1) -> str:
    """``12.3`` for 0.123; a dash for nothing."""
    return "–" if value is None else f"{100 * value:.{digits}f}"


def share(value: float | None, items: float | None, *, strong: bool = False) -> Child:
    """``12.3`` with its 95 % interval below, which the page's notes explain.

    Args:
        value: a share between 0 and 1.
        items: of how many.
        strong: whether it is the figure to look at.
    """
    known = value is not None and items is not None and 0 <= value <= 1
    interval = share_interval(value, int(items)) if known else None  # type: ignore[arg-type]
    return _with_interval(percent(value), interval, strong=strong)


def correlation(value: float | None, items: float | None, *, ranks: bool) -> Child:
    """The same of a correlation over so many pairs."""
    interval = None
    if value is not None and items is not None and abs(value) <= 1:
        interval = correlation_interval(value, int(items), ranks=ranks)
    return _with_interval(percent(value), interval)


def _with_interval(text: str, interval: Interval | None, *, strong: bool = False) -> Child:
    figure: Child = element("strong", text) if strong else text
    if interval is None:
        return figure
    return [figure, " ", element("span", shown(interval), class_="interval")]


def badge(text: str, why: str) -> Html:
    """A mark beside a name: something is not what the table's head says."""
    return element("span", text, class_="badge", title=why)


def change(before: float | None, after: float | None, test: Paired | None = None) -> Child:
    """The difference in points, signed; coloured unless chance may have made it.

    Args:
        before: a share.
        after: the same measure later.
        test: of the same items, where they are known one by one.
    """
    if before is None or after is None:
        return "–"
    points = round(100 * (after - before), 1)
    name = "up" if points > 0 else "down" if points < 0 else "even"
    if test is not None and not test.is_news:
        name = "even"
    figure = element(
        "span",
        f"{points:+.1f}" if points else "0.0",
        class_=name,
        title=None if test is None else str(test),
    )
    if test is None:
        return figure
    return [figure, " ", element("span", f"p {shown_p(test.p)}", class_="interval")]


def whole(value: float | None) -> str:
    """``12,345``; a dash for nothing."""
    return "–" if value is None else f"{value:,.0f}"


def counted(number: int, noun: str) -> str:
    """``1 failure``, ``2 failures``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def language(code: str, rejected: Mapping[str, str] | None = None) -> Html:
    """``German de``, the code in grey, and whether it was left unaligned."""
    mark = None
    if rejected and code in rejected:
        mark = [" ", badge(UNALIGNED, rejected[code])]
    if name_of(code) == code:
        return element("span", element("bdi", code), mark)
    return element("span", name_of(code), " ", element("span", code, class_="code"), mark)


def word(text: str, code: str | None = None) -> Html:
    """A word in its own direction of writing."""
    return element("bdi", text, lang=code)


def panels(group: str, tabs: Sequence[tuple[str, Child]]) -> Html:
    """Tabs that need no script: radio buttons and what belongs to each; all of it is printed.

    One is shown with its title alone, and more than the style knows one below the other.
    """
    if len(tabs) == 1 or len(tabs) > MOST_TABS:
        return element("div", [[element("h3", title), content] for title, content in tabs])
    parts: list[Html] = []
    for place, (title, _) in enumerate(tabs):
        key = f"{group}-{place}"
        parts.append(
            element(
                "input", type="radio", name=group, id=key, checked=not place, class_=f"tab t{place}"
            )
        )
        parts.append(element("label", title, for_=key))
    for place, (title, content) in enumerate(tabs):
        shown = element("p", title, class_="printed")
        parts.append(element("div", shown, content, class_=f"panel p{place}"))
    return element("div", parts, class_="tabs")
