"""Names in the file that nothing knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from x2static.core.config import closest, shown
from x2static.run.workbench.problems import Problems


def note_unknown(
    where: str, given: Mapping[str, Any], known: Iterable[str], problems: Problems
) -> None:
    """Note each key that is not among the known ones, with the nearest of them."""
    names = list(known)
    for key in given:
        if key not in names:
            problems.add(where, f"unknown '{key}'{closest(key, names)}")


def table_of(
    content: Mapping[str, Any], name: str, known: Iterable[str], where: str, problems: Problems
) -> Mapping[str, Any]:
    """The table of that name with its unknown keys noted; empty where there is none."""
    given = content.get(name, {})
    if not isinstance(given, dict):
        problems.add(where, f"expected a table, found {shown(given)}")
        return {}
    note_unknown(where, given, known, problems)
    return given
