"""Settings that differ between two runs, as their workbench files and plans state them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from x2static.report.read.run_folder import RunFolder, table

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def differences(first: RunFolder, second: RunFolder) -> list[tuple[str, str, str]]:
    """(setting, value in the first, value in the second); a dash where it was not set."""
    before, after = (dict(_stated(run)) for run in (first, second))
    names = [*after, *(name for name in before if name not in after)]
    pairs = ((name, before.get(name, "–"), after.get(name, "–")) for name in names)
    return [one for one in pairs if one[1] != one[2]]


def _stated(run: RunFolder) -> Iterator[tuple[str, str]]:
    yield from _flat("", _workbench(run))
    for name, version in table(run.plan.get("versions")).items():
        yield f"version of {name}", str(version)


def _workbench(run: RunFolder) -> Mapping[str, Any]:
    try:
        text = (run.root / "workbench.toml").read_text(encoding="utf-8")
        return dict(tomllib.loads(text))
    except (OSError, ValueError, RecursionError):
        return {name: run.plan[name] for name in ("hub", "teacher") if name in run.plan}


def _flat(prefix: str, content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in content.items():
        if isinstance(value, Mapping):
            yield from _flat(f"{prefix}{name}.", value)
        elif prefix or name != "output":
            yield f"{prefix}{name}", str(value)
