"""Pictures of languages in SVG by hand: a tree, a map, a heat map; every number also in text."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from x2static.core.languages.language import name_of
from x2static.page.html import Html, element

_COLORS = 8
# Shapes drawn around (0, 0), so that colour is not the only sign.
_SHAPES = (
    "M-5 0A5 5 0 1 0 5 0A5 5 0 1 0-5 0Z",
    "M-4.5-4.5H4.5V4.5H-4.5Z",
    "M0-6L5.5 4.5H-5.5Z",
    "M0-6L6 0L0 6L-6 0Z",
    "M0 6L-5.5-4.5H5.5Z",
    "M-2-5H2V-2H5V2H2V5H-2V2H-5V-2H-2Z",
    "M-5-3L0-6L5-3V3L0 6L-5 3Z",
    "M-5-5L0-2L5-5L2 0L5 5L0 2L-5 5L-2 0Z",
)


def signs_of(values: Sequence[str]) -> dict[str, int | None]:
    """A number for colour and shape of each value, the commonest first; None when they run out."""
    common = [value for value, _ in Counter(values).most_common()]
    named = [value for value in common if value != "unknown"]
    signs: dict[str, int | None] = {v: n if n < _COLORS else None for n, v in enumerate(named)}
    return {**signs, "unknown": None} if "unknown" in common else signs


def scatter(title: str, languages: Sequence[str], points: Any, values: Sequence[str]) -> Html:
    """A map: a mark for each language, coloured and shaped by a value, the code beside it."""
    width, height, margin = 520, 400, 34
    signs = signs_of(values)
    spots = [
        (margin + x * (width - 2 * margin), margin + (1 - y) * (height - 2 * margin))
        for x, y in points
    ]
    marks = []
    for code, value, (left, top), at in zip(languages, values, spots, _beside(spots), strict=True):
        tip = element("title", f"{name_of(code)}: {value}")
        mark = element(
            "path",
            tip,
            d=_shape(signs[value]),
            class_=_color(signs[value]),
            transform=f"translate({left:.1f} {top:.1f})",
        )
        text = element("text", code, x=f"{at[0]:.1f}", y=f"{at[1]:.1f}")
        marks.append([mark, text])
    picture = element("svg", marks, viewBox=f"0 0 {width} {height}", role="img", aria_label=title)
    return element("figure", element("figcaption", title), picture, _legend(signs))


def _beside(spots: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Where each code is written: beside its mark, a little off where another stands there."""
    offsets = [(8.0, 4.0), (-22.0, 4.0), (8.0, 16.0), (8.0, -8.0), (-22.0, 16.0), (-22.0, -8.0)]
    offsets += [(22.0 + 16 * n, dy) for n in range(4) for dy in (4.0, 16.0, -8.0)]
    taken: list[tuple[float, float]] = []
    for x, y in spots:
        places = [(x + dx, y + dy) for dx, dy in offsets]
        free = [at for at in places if all(_apart(at, other) for other in taken)]
        taken.append((free or places)[0])
    return taken


def _apart(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return abs(one[0] - other[0]) > 17 or abs(one[1] - other[1]) > 11


def tree(
    title: str,
    languages: Sequence[str],
    merges: Sequence[Mapping[str, Any]],
    order: Sequence[int],
    labels: Sequence[int],
    values: Sequence[str],
) -> Html:
    """A dendrogram, its leaves one below the other; the mark tells the group."""
    row, left, right = 18, 8, 270
    width = 700
    height = row * len(order) + 30
    top = max((merge["height"] for merge in merges), default=1.0) or 1.0

    def across(value: float) -> float:
        return width - right - value / top * (width - right - left)

    spots = {leaf: (0.0, row * (place + 0.7)) for place, leaf in enumerate(order)}
    branches = []
    for step, merge in enumerate(merges):
        (a, y), (b, z) = spots[merge["first"]], spots[merge["second"]]
        x = across(merge["height"])
        branches.append(f"M{across(a):.1f} {y:.1f}H{x:.1f}V{z:.1f}H{across(b):.1f}")
        spots[len(languages) + step] = (merge["height"], (y + z) / 2)
    leaves = [
        [
            element("path", d=_shape(labels[leaf]), class_=_color(labels[leaf]),
                    transform=f"translate({width - right + 10} {spots[leaf][1]:.1f})"),
            element("text", f"{languages[leaf]}  {name_of(languages[leaf])}, {values[leaf]}",
                    x=str(width - right + 20), y=f"{spots[leaf][1] + 4:.1f}"),
        ]
        for leaf in order
    ]  # fmt: skip
    marks = [
        element(
            "text",
            f"{top * part / 4:.2g}",
            x=f"{across(top * part / 4):.1f}",
            y=str(height - 6),
            class_="small-text",
            text_anchor="middle",
        )
        for part in range(5)
    ]
    picture = element(
        "svg",
        element("path", d="".join(branches), class_="branch"),
        leaves,
        marks,
        viewBox=f"0 0 {width} {height}",
        role="img",
        aria_label=title,
    )
    return element("figure", element("figcaption", title), picture)


def heat(
    title: str,
    rows: Sequence[str],
    columns: Sequence[str],
    values: Sequence[Sequence[float | None]],
    digits: int = 2,
    scale: float = 1.0,
    *,
    signed: bool = False,
) -> Html:
    """A heat map with its numbers in the cells; signed: another colour below zero."""
    cell_width, cell_height = (46, 24) if len(columns) <= 24 else (34, 20)
    left = 14 + 8 * max(map(len, rows), default=1)
    width, height = left + cell_width * len(columns) + 4, 26 + cell_height * len(rows)
    known = [v for row in values for v in row if v is not None and math.isfinite(v)]
    low = 0.0 if signed else min(known, default=0.0)
    high = max((abs(v) for v in known), default=1.0) if signed else max(known, default=1.0)
    parts = [
        element(
            "text", name, x=f"{left + cell_width * (place + 0.5):.1f}", y="16", text_anchor="middle"
        )
        for place, name in enumerate(columns)
    ]
    for place, (name, row) in enumerate(zip(rows, values, strict=True)):
        y = 24 + cell_height * place
        parts.append(
            element(
                "text", name, x=str(left - 6), y=f"{y + cell_height / 2 + 4:.1f}", text_anchor="end"
            )
        )
        for column, value in enumerate(row):
            cell = _Cell(math.nan if value is None else value, low, high, signed=signed)
            parts += cell.drawn(
                (left + cell_width * column, y),
                (cell_width, cell_height),
                digits,
                scale,
                f"{name}, {columns[column]}",
            )
    picture = element(
        "svg",
        parts,
        viewBox=f"0 0 {width} {height}",
        role="img",
        aria_label=title,
        class_="heat",
        width=str(width),
        height=str(height),
    )
    return element("figure", element("figcaption", title), element("div", picture, class_="frame"))


class _Cell:
    """A cell of a heat map."""

    def __init__(self, value: float, low: float, high: float, *, signed: bool) -> None:
        self._value, self._is_known = value, math.isfinite(value)
        size = (abs(value) if signed else value - low) if self._is_known else 0.0
        self._depth = 0.06 + (0.65 * size / (high - low) if high > low else 0.3)
        self._class = "cold" if signed and value < 0 else "cell"

    def drawn(
        self, at: tuple[float, float], size: tuple[int, int], digits: int, scale: float, said: str
    ) -> list[Html]:
        """Its ground and its number."""
        (x, y), (width, height) = at, size
        text = f"{scale * self._value:.{digits}f}" if self._is_known else "–"
        ground = element(
            "rect",
            element("title", f"{said}: {text}"),
            x=f"{x:g}",
            y=f"{y:g}",
            rx="2",
            width=str(width - 2),
            height=str(height - 2),
            fill_opacity=f"{self._depth:.3f}",
            class_=self._class if self._is_known else "unknown-cell",
        )
        number = element(
            "text",
            text,
            x=f"{x + width / 2 - 1:.1f}",
            y=f"{y + height / 2 + 3:.1f}",
            text_anchor="middle",
        )
        return [ground, number]


def simple_table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], numbers_from: int = 1
) -> Html:
    """A table; numbers stand to the right."""

    def kind(place: int) -> str | None:
        return "num" if place >= numbers_from else None

    head = element("tr", [element("th", h, class_=kind(i)) for i, h in enumerate(heads)])
    body = [
        element("tr", [element("td", cell, class_=kind(i)) for i, cell in enumerate(row)])
        for row in rows
    ]
    made = element("table", element("thead", head), element("tbody", body))
    return element("div", made, class_="frame")


def _shape(sign: int | None) -> str:
    return _SHAPES[0] if sign is None else _SHAPES[sign % _COLORS]


def _color(sign: int | None) -> str:
    return "none" if sign is None else f"g{sign % _COLORS}"


def _legend(signs: Mapping[str, int | None]) -> Html:
    named = [(value, sign) for value, sign in signs.items() if sign is not None]
    rest = [value for value, sign in signs.items() if sign is None]
    marks = [
        *named,
        *([(", ".join(rest) if len(rest) < 9 else f"{len(rest)} others", None)] if rest else []),
    ]
    return element(
        "div",
        [
            element(
                "span",
                element(
                    "svg",
                    element("path", d=_shape(sign), class_=_color(sign)),
                    viewBox="-7 -7 14 14",
                ),
                value,
            )
            for value, sign in marks
        ],
        class_="legend",
    )
