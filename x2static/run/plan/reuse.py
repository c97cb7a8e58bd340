"""Whether a task's outputs of an earlier run still hold."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from x2static.core.setting import deciding
from x2static.core.storage.manifest import differences
from x2static.core.storage.run_record import plain
from x2static.run.plan.fingerprints import Fingerprints
from x2static.run.plan.graph import Task
from x2static.run.plan.plan_file import Entry


@dataclass(frozen=True)
class TaskInputs:
    """What decides a task's result, now.

    Attributes:
        settings: of the stage, complete.
        inputs: digest by path; None where something is missing.
        key: a digest of both.
    """

    settings: dict[str, Any]
    inputs: dict[str, str | None]
    key: str

    @property
    def missing(self) -> list[str]:
        """Inputs that are not there."""
        return [path for path, digest in self.inputs.items() if digest is None]


def state_of(task: Task, fingerprints: Fingerprints) -> TaskInputs:
    """Settings and inputs of a task.

    A path counts by its content, so that a corpus or a teacher may move.
    """
    settings = plain(dataclasses.asdict(task.config))
    inputs = {path: fingerprints.of(path) for path in dict.fromkeys(task.inputs)}
    decisive = deciding(type(task.config), settings, with_places=True)
    content = [
        task.table,
        task.processes,
        _by_content(decisive, inputs),
        sorted(_relative(inputs).items()),
    ]
    key = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    return TaskInputs(settings, inputs, key)


def why_again(task: Task, past: Entry | None, now: TaskInputs, fingerprints: Fingerprints) -> str:
    """Why a task must be done (again); nothing if what is there holds."""
    if past is None or not past.key:
        return "new"
    if past.key != now.key:
        return _difference(type(task.config), past, now)
    if not past.digests:
        return "failed before" if past.state == "failed" else "unfinished"
    for path in task.outputs:
        digest = fingerprints.of(path)
        if digest is None:
            return f"{path} is missing"
        if digest != past.digests.get(path):
            return f"{path} was changed"
    return ""


def _difference(config_class: type[Any], past: Entry, now: TaskInputs) -> str:
    old, new = (
        deciding(config_class, settings, with_places=True)
        for settings in (past.settings, now.settings)
    )
    parts = differences(old, new)
    for path, digest in now.inputs.items():
        if path in past.inputs and past.inputs[path] != digest:
            parts.append(f"{path} changed")
        elif path not in past.inputs:
            parts.append(f"{path} is new")
    return ", ".join(parts) or "settings changed"


def _relative(inputs: Mapping[str, str | None]) -> dict[str, str | None]:
    """Inputs by what they are, not by where the user keeps them."""
    return {
        path if not path.startswith("/") else f"sha256:{digest}": digest
        for path, digest in inputs.items()
    }


def _by_content(value: Any, inputs: Mapping[str, str | None]) -> Any:
    """Settings with each input's path replaced by its digest."""
    if isinstance(value, dict):
        return {name: _by_content(item, inputs) for name, item in value.items()}
    if isinstance(value, list):
        return [_by_content(item, inputs) for item in value]
    if isinstance(value, str):
        language, separator, path = value.partition("=")
        if value.startswith("/") and value in inputs:
            return f"sha256:{inputs[value]}"
        if separator and path.startswith("/") and path in inputs:
            return f"{language}=sha256:{inputs[path]}"
    return value
