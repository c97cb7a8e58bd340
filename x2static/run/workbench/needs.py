"""What a task asks of a machine: processor cores, GPUs, memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from x2static.commands import evaluations
from x2static.core.config import closest, shown
from x2static.core.evaluation import Of
from x2static.run.workbench.problems import Problems


def stages() -> list[str]:
    """All stages, in the order in which tasks that could start together do."""
    found = evaluations().values()

    def measuring(subject: Of) -> list[str]:
        return [stage for one in found for stage in one.stages(subject)]

    return [
        "prepare", "extend", "distill", *measuring("vectors"), "align", *measuring("aligned"),
        "export", *measuring("teacher"), "represent", "cluster", "distance", "analyse", "pretrain",
        *measuring("model"),
    ]  # fmt: skip


def is_for_gpu(stage: str) -> bool:
    """Whether it takes a GPU of the cluster if there is one and nothing else is said."""
    found = evaluations().values()
    return stage in ("extend", "distill", "represent", "pretrain") or any(
        stage in one.stages("teacher", "model") for one in found
    )


@dataclass(frozen=True)
class Needs:
    """Of one task; None where nothing was said.

    Attributes:
        cpus: cores; the stage computes with so many threads.
        gpus: GPUs, or a share of one.
        memory_gb: main memory.
    """

    cpus: int | None = None
    gpus: float | None = None
    memory_gb: float | None = None


NO_NEEDS = Needs()
"""Nothing was said."""


def read_needs(given: Any, problems: Problems) -> dict[str, Needs]:
    """The table ``[needs.STAGE]``; an evaluation's name speaks of both, before and after."""
    if not isinstance(given, dict):
        problems.add("[needs]", f"expected a table for each stage, found {shown(given)}")
        return {}
    ordered = stages()
    known = list(dict.fromkeys(stage.partition(".")[0] for stage in ordered))
    found: dict[str, Needs] = {}
    for name, table in given.items():
        if name not in known:
            problems.add("[needs]", f"unknown stage '{name}'{closest(name, known)}")
        elif (needs := _read_one(name, table, problems)) is not None:
            found |= {stage: needs for stage in ordered if stage.partition(".")[0] == name}
    return found


def _read_one(name: str, table: Any, problems: Problems) -> Needs | None:
    place = f"[needs.{name}]"
    if not isinstance(table, dict):
        problems.add(place, f"expected a table, found {shown(table)}")
        return None
    fields = list(Needs.__dataclass_fields__)
    kept = {}
    for key, value in table.items():
        if key not in fields:
            problems.add(place, f"unknown '{key}'{closest(key, fields)}")
        elif type(value) not in (int, float) or value < 0 or (key == "cpus" and value % 1):
            problems.add(place, f"{key}: expected a number of 0 or more, got {shown(value)}")
        else:
            kept[key] = int(value) if key == "cpus" else float(value)
    return Needs(**kept)  # type: ignore[arg-type]
