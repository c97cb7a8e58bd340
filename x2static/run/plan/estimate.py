"""When a run will be done, from what its stages have taken so far."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import mean

from x2static.run.plan.graph import Task
from x2static.run.plan.plan_file import Entry


def seconds_left(
    tasks: Mapping[str, Task],
    entries: Mapping[str, Entry],
    running: Mapping[str, float],
    workers: int,
) -> float | None:
    """Remaining seconds, None while a stage still to come has never been timed.

    Args:
        tasks: by name.
        entries: where they stand.
        running: seconds each running task has taken.
        workers: tasks at a time.
    """
    timed: dict[str, list[float]] = {}
    for name, entry in entries.items():
        if entry.state == "done" and entry.seconds is not None:
            timed.setdefault(tasks[name].stage, []).append(entry.seconds)
    total = 0.0
    for name, task in tasks.items():
        is_open = entries[name].state in ("waiting", "running")
        if not is_open or (entries[name].error and entries[name].state == "waiting"):
            continue
        if task.stage not in timed:
            return None
        total += max(0.0, mean(timed[task.stage]) - running.get(name, 0.0))
    return total / workers
