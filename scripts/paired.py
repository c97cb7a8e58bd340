"""Two or more ways to do the same, measured in turn, and what their ratios allow to claim.

On a machine that others use, figures taken one after the other compare the machine with itself. So
each side takes its turn, the order turns round each time, and the ratio is worked out turn by turn.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any

REPEATS, QUICK_REPEATS = 5, 2
Figures = dict[str, list[float]]


def in_turns(sides: Mapping[str, Callable[[], float]], repeats: int = REPEATS) -> Figures:
    """Every side's figure, ``repeats`` times; the first turn goes forward, the next back."""
    found: Figures = {name: [] for name in sides}
    for turn in range(repeats):
        for name in list(sides)[:: -1 if turn % 2 else 1]:
            found[name].append(float(sides[name]()))
    return found


def seconds(work: Callable[[], object]) -> Callable[[], float]:
    """A side whose figure is how long ``work`` takes."""

    def side() -> float:
        began = time.perf_counter()
        work()
        return time.perf_counter() - began

    return side


def processor_seconds(work: Callable[[], object]) -> Callable[[], float]:
    """A side whose figure is this process's own time: for work of one thread that never waits."""

    def side() -> float:
        began = time.process_time()
        work()
        return time.process_time() - began

    return side


def best(figures: Figures, names: Sequence[str], *, more_is_better: bool) -> str:
    """The side with the best median."""
    return (max if more_is_better else min)(names, key=lambda name: median(figures[name]))


def compared(
    ours: Sequence[float], theirs: Sequence[float], *, more_is_better: bool
) -> dict[str, Any]:
    """A row's figures: medians, and the median, least and greatest ratio of a turn.

    The ratio says how many times better ours is. ``load`` is the machine's, other work included.
    """
    pairs = list(zip(ours, theirs, strict=True))
    ratios = [one / other if more_is_better else other / one for one, other in pairs]
    return {
        "ours": median(ours),
        "reference": median(theirs),
        "ratio": median(ratios),
        "low": min(ratios),
        "high": max(ratios),
        "repeats": len(ratios),
        "load": round(os.getloadavg()[0], 1),
    }


def verdict(row: Mapping[str, Any]) -> bool | None:
    """Whether a row's goal holds; None if its turns do not agree, or it has no goal."""
    goal, ratio = row.get("goal"), row.get("ratio")
    if goal is None:
        return None
    if ratio is None:
        return False
    low, high = row.get("low", ratio), row.get("high", ratio)
    if low < goal <= high:
        return None
    return bool(low >= goal)
