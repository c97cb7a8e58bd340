"""Whether a run may work in a folder: nothing there is replaced that no run has made."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from x2static.core.errors import OutputError
from x2static.core.storage.files import describe_os_error
from x2static.core.storage.outputs import Outputs
from x2static.run.plan.graph import Task
from x2static.run.plan.leftovers import leftovers_of
from x2static.run.plan.plan_file import PLAN_NAME, is_plan, read_plan

COPY_NAME = "workbench.toml"


def refuse_foreign(folder: Path, file: Path, tasks: Mapping[str, Task]) -> None:
    """Stop, before anything is made, where the run would write over what is not its own.

    Args:
        folder: of the run.
        file: the workbench.
        tasks: by name.

    Raises:
        OutputError: names what is there, or the input that lies where an output shall.
    """
    try:
        _refuse_inputs(folder, tasks)
        _refuse_files(folder, file)
        _refuse_outputs(folder, tasks)
    except OSError as error:
        raise OutputError(describe_os_error(folder, error)) from error


def _refuse_inputs(folder: Path, tasks: Mapping[str, Task]) -> None:
    inputs = {path for task in tasks.values() for path in task.inputs if os.path.isabs(path)}  # noqa: PTH117
    outputs = Outputs("run", inputs=sorted(inputs))
    for task in tasks.values():
        for path in task.outputs:
            outputs.protect(folder / path)


def _refuse_files(folder: Path, file: Path) -> None:
    """The plan, and the copy of the file, which may be that very file."""
    plan, copy = folder / PLAN_NAME, folder / COPY_NAME
    if os.path.lexists(plan) and not is_plan(plan):
        raise _foreign(plan)
    if not os.path.lexists(copy) or (copy.is_file() and plan.exists()):
        return
    is_same = copy.is_file() and (copy.samefile(file) or copy.read_bytes() == file.read_bytes())
    if not is_same:
        raise _foreign(copy)


def _refuse_outputs(folder: Path, tasks: Mapping[str, Task]) -> None:
    """What a task makes may be there only if the plan says that the task was begun."""
    past = read_plan(folder)
    for name, task in tasks.items():
        if task.skipped or (name in past and past[name].was_begun):
            continue
        for place in leftovers_of(folder, (*task.outputs, task.log)):
            if os.path.lexists(place):
                raise _foreign(place)


def _foreign(place: Path) -> OutputError:
    return OutputError(
        f"{place} is there, and no earlier run made it; give another 'output', or move it away"
    )
