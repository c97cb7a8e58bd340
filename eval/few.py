"""Warnings of scores that few items bear."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from x2static.core.messages import warn
from x2static.core.scores.intervals import few


def warn_of_few(scores: Iterable[tuple[str, int, str]]) -> list[str]:
    """Say, once each, which scores are of few items; returns the same lines for JSON.

    Args:
        scores: (what was scored, number of items, what they are called).
    """
    found = ((place, few(items, noun)) for place, items, noun in scores)
    lines = list(dict.fromkeys(f"{place}: {doubt}" for place, doubt in found if doubt))
    for line in lines:
        warn(line)
    return lines


def label(row: Mapping[str, Any]) -> str:
    """``de.vec → en.vec``, by the names of a row's files."""
    return f"{Path(row['source']).name} → {Path(row['target']).name}"
