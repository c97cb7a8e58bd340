"""What lies in a run folder; each file may be missing, cut off, or of another shape."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from x2static.commands import evaluations
from x2static.core.errors import ConfigError
from x2static.core.formats.native import VECTORS_NAME
from x2static.core.languages.language_name import language_name_fault
from x2static.core.rejection import rejection
from x2static.core.storage.files import describe_os_error
from x2static.core.storage.run_record import record_path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Table = dict[str, Any]


@dataclass(frozen=True)
class RunFolder:
    """A run folder.

    Attributes:
        root: the folder.
        plan: what plan.json holds; empty without one.
        hub: the language into whose space the others were brought, None where nothing tells.
        languages: all that left a trace; the plan's order, then the alphabet's.
        problems: files that could not be read, one line each.
    """

    root: Path
    plan: Table
    hub: str | None
    languages: tuple[str, ...]
    problems: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, root: Path) -> RunFolder:
        """Look around.

        Raises:
            ConfigError: there is no such folder, or no trace of a run in it.
        """
        if not root.is_dir():
            raise ConfigError(f"{root}: no such folder")
        problems: list[str] = []
        plan = read_json(root / "plan.json", root, problems)
        named = [name for name in _list(plan.get("languages")) if isinstance(name, str)]
        named += [str(task.get("language")) for task in tables(plan.get("tasks"))]
        found = sorted(set(_traces(root)))
        names = [name for name in dict.fromkeys([*named, *found]) if name not in ("*", "")]
        faults = {name: language_name_fault(name) for name in names}
        problems += [f"language {name!r}: {fault}" for name, fault in faults.items() if fault]
        languages = tuple(name for name in names if not faults[name])
        run = cls(root, plan, _hub(root, plan, languages), languages, problems)
        if not (languages or plan or any(run.curves()) or any(root.glob("scores/*/*.json"))):
            raise ConfigError(
                f"{root}: no run here: none of plan.json, sentences/, vectors/, aligned/, scores/"
            )
        return run

    @property
    def tasks(self) -> list[Table]:
        """The plan's tasks."""
        return tables(self.plan.get("tasks"))

    def read(self, place: Path) -> Table:
        """A JSON file of the run; empty if it is missing or, with a problem noted, unreadable."""
        return read_json(place, self.root, self.problems)

    def record(self, output: str) -> Table:
        """The run record of an output, such as ``vectors/de``."""
        return self.read(record_path(self.root / output))

    def scores(self, kind: str) -> Iterator[tuple[str, Table]]:
        """(language or name, content) of each file in ``scores/KIND``."""
        for place in sorted((self.root / "scores" / kind).glob("*.json")):
            content = self.read(place)
            if content:
                yield place.stem, content

    def vectors(self, space: str) -> dict[str, Path]:
        """Native folders in ``vectors`` or ``aligned``, by language."""
        there = {name: self.root / space / name for name in self.languages}
        return {name: place for name, place in there.items() if (place / VECTORS_NAME).exists()}

    @property
    def is_hub_kept(self) -> bool:
        """Whether a record says that languages were brought to the hub, which stayed as it was."""
        hubs = set(_recorded_hubs(self.root, self.languages))
        return self.hub is not None and self.hub in hubs

    @cached_property
    def rejected(self) -> dict[str, str]:
        """Why languages were left unaligned though an alignment was learned, by language."""
        records = {name: self.record(f"aligned/{name}") for name in self.languages}
        found = {name: rejection(record) for name, record in records.items() if name != self.hub}
        return {name: why for name, why in found.items() if why}

    def curves(self) -> Iterator[Path]:
        """Folders with a training curve."""
        yield from (place.parent for place in sorted(self.root.glob("*/curve.jsonl")))


def read_json(place: Path, root: Path, problems: list[str]) -> Table:
    """The table in a JSON file; empty, with a line in ``problems``, if it cannot be read."""
    try:
        content = parsed(place.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        problems.append(describe_os_error(place.relative_to(root), error))
        return {}
    except (ValueError, RecursionError):
        content = None
    if isinstance(content, dict):
        return content
    problems.append(f"{place.relative_to(root)}: not readable as a table in JSON")
    return {}


def parsed(text: str) -> Any:
    """What a text in JSON holds.

    Raises:
        ValueError: it is no JSON, or holds a whole number beyond all floats.
        RecursionError: its lists are nested too deeply.
    """
    return json.loads(text, parse_int=_whole)


def tables(value: Any) -> list[Table]:
    """The tables in a list; everything else is left out."""
    return [item for item in _list(value) if isinstance(item, dict)]


def table(value: Any) -> Table:
    """A table, or an empty one."""
    return value if isinstance(value, dict) else {}


def number(row: Mapping[str, Any], name: str) -> float | None:
    """A finite number of a row."""
    value = row.get(name)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    return None


def _whole(digits: str) -> int:
    value = int(digits)
    if not math.isfinite(float(digits)):
        raise ValueError(f"a number of {len(digits)} digits")
    return value


def text(row: Mapping[str, Any], name: str) -> str:
    """A text of a row; empty if there is none."""
    value = row.get(name)
    return value if isinstance(value, str) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _traces(root: Path) -> Iterator[str]:
    for place in sorted(root.glob("sentences/*.txt*")):
        if not place.name.endswith(".run.json"):
            yield place.name.split(".")[0]
    for folder in ("vectors", "aligned"):
        for place in root.glob(f"{folder}/*/{VECTORS_NAME}"):
            yield place.parent.name
    for one in evaluations().values():
        for stage in one.stages():
            for place in root.glob(f"scores/{stage}/*.json"):
                yield place.stem


def _hub(root: Path, plan: Table, languages: tuple[str, ...]) -> str | None:
    if text(plan, "hub"):
        return text(plan, "hub")
    try:
        bench = tomllib.loads((root / "workbench.toml").read_text(encoding="utf-8"))
        if text(bench, "hub"):
            return text(bench, "hub")
    except (OSError, ValueError, RecursionError):
        pass
    return next((hub for hub in _recorded_hubs(root, languages) if hub in languages), None)


def _recorded_hubs(root: Path, languages: tuple[str, ...]) -> Iterator[str]:
    """The hub onto which each of the aligned languages was brought, by its record."""
    for name in languages:
        record = read_json(root / "aligned" / name / "run.json", root, [])
        yield text(table(record.get("settings")), "hub").partition("=")[0]
