"""Which tasks ``--only`` and ``--from`` speak of."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatchcase

from x2static.core.config import closest
from x2static.core.errors import ConfigError
from x2static.run.plan.graph import Task


def select(tasks: Mapping[str, Task], patterns: Sequence[str]) -> set[str]:
    """The names that any pattern means; all without one.

    Raises:
        ConfigError: a pattern means nothing.
    """
    if not patterns:
        return set(tasks)
    chosen: set[str] = set()
    for pattern in patterns:
        found = {task.name for task in tasks.values() if _means(pattern, task)}
        if not found:
            parts = [part for task in tasks.values() for part in (task.stage, task.language)]
            nearest = closest(pattern, list(dict.fromkeys([*tasks, *parts])))
            hint = nearest if "did you mean" in nearest else "; give LANG/STAGE, LANG or STAGE"
            raise ConfigError(f"--only {pattern}: no such task{hint}")
        chosen |= found
    return chosen


def select_from(tasks: Mapping[str, Task], stage: str | None) -> set[str]:
    """The tasks of a stage and all that wait for them, directly or not.

    Raises:
        ConfigError: there is no such stage.
    """
    if stage is None:
        return set()
    stages = list(dict.fromkeys(task.stage for task in tasks.values()))
    if stage not in stages:
        raise ConfigError(f"--from {stage}: no such stage{closest(stage, stages)}")
    chosen = {task.name for task in tasks.values() if task.stage == stage}
    while more := {t.name for t in tasks.values() if _waits(t, chosen)} - chosen:
        chosen |= more
    return chosen


def _means(pattern: str, task: Task) -> bool:
    if "/" in pattern:
        return fnmatchcase(task.name, pattern)
    return fnmatchcase(task.stage, pattern) or fnmatchcase(task.language, pattern)


def _waits(task: Task, chosen: Collection[str]) -> bool:
    return any(name in chosen for name in task.waits_for)
