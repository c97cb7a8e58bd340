"""Bars inside table cells and lines in small pictures: SVG by hand, the numbers beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from x2static.page.html import Html, element
from x2static.report.read.curves import Points

_WIDTH, _HEIGHT = 380, 210
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 10, 10, 26
_TICKS = 4


def bars(values: Sequence[tuple[str, float | None]], most: float = 1.0) -> Html:
    """Thin bars one below the other; each is (class, value between 0 and ``most``).

    A bar is decoration: its number stands in the same row of the table.
    """
    height, gap = 7, 2
    track = [
        element("rect", class_="track", x="0", y=str(place * (height + gap)), height=str(height),
                rx="2", width="100%")
        for place, (_, value) in enumerate(values)
        if value is not None
    ]  # fmt: skip
    shapes = [
        element(
            "rect",
            class_=name,
            x="0",
            y=str(place * (height + gap)),
            height=str(height),
            rx="2",
            width=f"{100 * min(max(value, 0.0) / most, 1.0) if most > 0 else 0:.2f}%",
        )
        for place, (name, value) in enumerate(values)
        if value is not None
    ]
    total = len(values) * (height + gap) - gap
    return element("svg", track, shapes, class_="bars", height=str(total), aria_hidden="true")


def lines(title: str, series: Sequence[tuple[str, str, Points]]) -> Html:
    """A chart of several curves over the same axis; each is (class, name, points)."""
    everything = [point for _, _, points in series for point in points]
    first, last = _range([x for x, _ in everything], is_loose=False)
    low, high = _range([y for _, y in everything], is_loose=True)

    def place(point: tuple[float, float]) -> tuple[float, float]:
        x = _LEFT + (point[0] - first) / (last - first) * (_WIDTH - _LEFT - _RIGHT)
        y = _HEIGHT - _BOTTOM - (point[1] - low) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)
        return x, y

    grid = [_level(value, place((first, value))[1]) for value in ticks(low, high)]
    steps = [_step(value, place((value, low))[0]) for value in ticks(first, last)]
    curves = [
        _curve(name, text, [place(p) for p in points], points) for name, text, points in series
    ]
    return element(
        "svg",
        grid,
        steps,
        curves,
        class_="lines",
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
        aria_label=title,
    )


def ticks(low: float, high: float) -> list[float]:
    """Round numbers between two others, four or so."""
    if not high > low:
        return [low]
    rough = (high - low) / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)
    found = [step * number for number in range(math.ceil(low / step), math.floor(high / step) + 1)]
    return [0.0 if abs(value) < step / 1e6 else value for value in found]


def short(value: float) -> str:
    """A number for an axis: ``12k``, ``0.25``, ``5e-05``."""
    if value and (abs(value) >= 1e6 or abs(value) < 1e-3):
        return f"{value:.0e}" if f"{value:.0e}".startswith(f"{value:.1e}"[0]) else f"{value:.1e}"
    if abs(value) >= 10_000:
        return f"{value / 1000:g}k"
    return f"{value:.4g}"


def _range(values: list[float], *, is_loose: bool) -> tuple[float, float]:
    low, high = min(values), max(values)
    if high > low:
        margin = 0.04 * (high - low) if is_loose else 0.0
        return low - margin, high + margin
    spread = abs(low) * 0.1 or 1.0
    return low - spread, high + spread


def _level(value: float, y: float) -> list[Html]:
    return [
        element("line", class_="grid", x1=str(_LEFT), x2=str(_WIDTH - _RIGHT), y1=f"{y:.1f}",
                y2=f"{y:.1f}"),
        element("text", short(value), class_="tick", x=str(_LEFT - 6), y=f"{y + 4:.1f}",
                text_anchor="end"),
    ]  # fmt: skip


def _step(value: float, x: float) -> Html:
    anchor = "end" if x > _WIDTH - 30 else "middle"
    return element(
        "text", short(value), class_="tick", x=f"{x:.1f}", y=str(_HEIGHT - 8), text_anchor=anchor
    )


def _curve(name: str, title: str, spots: list[tuple[float, float]], points: Points) -> list[Html]:
    if not spots:
        return []
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in spots)
    shapes = [element("path", class_=f"curve {name}", d=path)]
    for (x, y), (step, value) in zip(spots, points, strict=True):
        tip = element("title", f"{title}, update {step:,.0f}: {value:.5g}")
        radius = "3" if len(spots) <= 60 else "2"
        shapes.append(
            element("circle", tip, class_=f"dot {name}", cx=f"{x:.1f}", cy=f"{y:.1f}", r=radius)
        )
    return shapes
