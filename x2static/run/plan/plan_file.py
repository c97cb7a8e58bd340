"""``plan.json``: what every task of a run is, was made from, and came to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from x2static.core.storage.files import staged

PLAN_NAME = "plan.json"
_SCHEMA = 1
State = Literal["waiting", "running", "done", "failed", "skipped"]


@dataclass(kw_only=True)
class Entry:
    """A task in the plan.

    Attributes:
        language: code, or ``*``.
        stage: such as ``distill``.
        state: where it stands.
        seconds: what it took, None while unknown.
        error: why it failed, waits, or is skipped; one line.
        settings: of its stage, complete.
        inputs: digest by path.
        outputs: paths.
        log: where its output goes.
        needs: tasks it waits for.
        key: digest of settings and inputs, once its outputs may be there; else nothing.
        digests: of the outputs, by path.
        work: names the attempts that go on with each other's unfinished work.
        begun: whether it was ever begun, so that what lies at its outputs is the run's own.
    """

    language: str
    stage: str
    state: State = "waiting"
    seconds: float | None = None
    error: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)
    outputs: list[str] = field(default_factory=list)
    log: str = ""
    needs: list[str] = field(default_factory=list)
    key: str = ""
    digests: dict[str, str] = field(default_factory=dict)
    work: str = ""
    begun: bool = False

    @property
    def was_begun(self) -> bool:
        """The same for plans that did not say so."""
        return bool(self.begun or self.key or self.digests or self.work)

    @property
    def name(self) -> str:
        """``de/distill``."""
        return f"{self.language}/{self.stage}"


def read_plan(folder: Path) -> dict[str, Entry]:
    """The tasks of an earlier run by name; none if there is no plan that can be read."""
    known = {field.name for field in fields(Entry)}
    try:
        content = _content(folder / PLAN_NAME)
        entries = [
            Entry(**{name: value for name, value in row.items() if name in known})
            for row in content["tasks"]
        ]
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}
    return {entry.name: entry for entry in entries}


def is_plan(place: Path) -> bool:
    """Whether a run wrote this file."""
    try:
        content = _content(place)
        return content["schema"] == _SCHEMA and isinstance(content["tasks"], list)
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return False


def _content(place: Path) -> Any:
    return json.loads(place.read_text(encoding="utf-8"))


def write_plan(folder: Path, about: Mapping[str, Any], entries: Iterable[Entry]) -> None:
    """Replace the plan, whole or not at all."""
    content = {"schema": _SCHEMA, **about, "tasks": [asdict(entry) for entry in entries]}
    text = json.dumps(content, ensure_ascii=False, indent=1)
    with staged(folder / PLAN_NAME, own=True) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")
