"""Do the tasks of a graph in an order that works, keeping what holds and going on past failures."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Protocol

from x2static.core.storage.files import make_parent
from x2static.run.executors.executor import Executor
from x2static.run.executors.order import Order, Result
from x2static.run.plan.fingerprints import Fingerprints
from x2static.run.plan.graph import Task
from x2static.run.plan.leftovers import clear_leftovers
from x2static.run.plan.plan_file import Entry, read_plan, write_plan
from x2static.run.plan.reuse import TaskInputs, state_of, why_again
from x2static.run.workbench.settings import with_keys

_POLL_SECONDS = 0.2


class Watcher(Protocol):
    """Is told what happens, to show it."""

    def kept(self, task: Task, entry: Entry) -> None:
        """What an earlier run made holds."""

    def started(self, task: Task, why: str) -> None:
        """A task begins."""

    def ended(self, task: Task, entry: Entry) -> None:
        """A task is done or has failed."""

    def tick(self) -> None:
        """Time has passed."""


class Schedule:
    """A run of a graph in a folder.

    Attributes:
        entries: where each task stands, by name.
    """

    def __init__(
        self,
        folder: Path,
        tasks: Mapping[str, Task],
        *,
        chosen: Collection[str],
        again: Collection[str] = (),
        about: Mapping[str, Any] | None = None,
    ) -> None:
        """Look at what an earlier run left.

        Args:
            folder: of the run.
            tasks: by name, each after those it waits for.
            chosen: names of those to be done; others may only be kept.
            again: names of those to be done anew.
            about: what else to say in the plan.
        """
        self.folder, self.tasks = folder, tasks
        self._chosen, self._again, self._about = set(chosen), set(again) & set(chosen), about or {}
        self._fingerprints = Fingerprints(folder)
        self._past = read_plan(folder)
        self.entries = {name: self._fresh(task) for name, task in tasks.items()}
        self._settled: set[str] = set()

    # ---- looking ---------------------------------------------------------------------------

    def preview(self) -> dict[str, str]:
        """What a run would do with each task: ``kept``, ``skipped: why``, ``run: why``, ..."""
        found: dict[str, str] = {}
        for name, task in self.tasks.items():
            open_needs = [n for n in task.waits_for if found[n] != "kept"]
            if task.skipped:
                found[name] = f"skipped: {task.skipped}"
            elif name in self._again:
                found[name] = "run: requested again"
            elif open_needs:
                what = "run" if name in self._chosen else "left"
                found[name] = f"{what}: after {', '.join(open_needs)}"
            else:
                state = state_of(task, self._fingerprints)
                why = why_again(task, self._past.get(name), state, self._fingerprints)
                what = "run" if name in self._chosen else "left"
                found[name] = f"{what}: {why}" if why else "kept"
        return found

    # ---- doing -----------------------------------------------------------------------------

    def run(
        self,
        executor: Executor,
        order: Callable[[Task], Order],
        watcher: Watcher,
        is_stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        """Do all that can be done; returns when nothing runs any more."""
        running: set[str] = set()
        has_asked = False
        self._keep_what_holds(watcher)
        self.save()
        while True:
            if is_stopped() and not has_asked:
                executor.stop()
                has_asked = True
            if not has_asked:
                self._start_ready(executor, order, watcher, running)
            if not running:
                break
            for result in executor.finished(_POLL_SECONDS):
                running.discard(result.name)
                self._end(result, watcher, was_stopped=has_asked)
            watcher.tick()
        self._keep_what_holds(watcher)  # also what was not asked for
        self._explain_waiting()
        self.save()

    def _fresh(self, task: Task) -> Entry:
        past = self._past.get(task.name)
        entry = Entry(
            language=task.language,
            stage=task.stage,
            outputs=list(task.outputs),
            log=task.log,
            needs=list(task.waits_for),
        )
        if task.skipped:
            entry.state, entry.error, entry.log = "skipped", task.skipped, ""
        elif past is not None:  # a run that is killed now must not forget what lies there
            entry.key, entry.digests, entry.seconds = past.key, past.digests, past.seconds
            entry.settings, entry.inputs, entry.work = past.settings, past.inputs, past.work
            entry.begun = past.was_begun
            entry.state = "failed" if past.state == "failed" else "waiting"
            entry.error = past.error if past.state == "failed" else None
        return entry

    def _keep_what_holds(self, watcher: Watcher) -> None:
        """Settle all that needs no work, in one sweep over the graph."""
        for name, task in self.tasks.items():
            is_open = not task.skipped and name not in self._settled and name not in self._again
            if is_open and self._is_ready(task):
                self._settle(task, watcher)

    def _is_ready(self, task: Task) -> bool:
        return all(self.entries[name].state == "done" for name in task.waits_for)

    def _settle(self, task: Task, watcher: Watcher) -> tuple[TaskInputs, str]:
        """Compare with the past; what holds is done without work."""
        state = state_of(task, self._fingerprints)
        past = self._past.get(task.name)
        why = why_again(task, past, state, self._fingerprints)
        if not why and past is not None:
            entry = self.entries[task.name]
            entry.state, entry.error = "done", None
            entry.settings, entry.inputs = state.settings, _known(state)
            self._settled.add(task.name)
            watcher.kept(task, entry)
        return state, why

    def _start_ready(
        self,
        executor: Executor,
        order: Callable[[Task], Order],
        watcher: Watcher,
        running: set[str],
    ) -> None:
        for name, task in self.tasks.items():
            is_open = name in self._chosen and name not in self._settled and not task.skipped
            if is_open and self._is_ready(task) and executor.has_room():
                self._settled.add(name)
                if self._start(task, watcher):
                    running.add(name)
                    executor.start(order(task))

    def _start(self, task: Task, watcher: Watcher) -> bool:
        """Prepare a task's places; False if there is nothing to do, or nothing to do it with."""
        state, why = (
            self._settle(task, watcher)
            if task.name not in self._again
            else (state_of(task, self._fingerprints), "requested again")
        )
        entry = self.entries[task.name]
        if not why:
            self.save()
            return False
        if state.missing:
            entry.state, entry.error = "failed", f"{state.missing[0]} is missing"
            watcher.ended(task, entry)
            self.save()
            return False
        past = self._past.get(task.name)
        if past is None or not self._goes_on(past, state):
            self._clear(task)
        for path in (*task.outputs, task.log):
            make_parent(self.folder / path)
        entry.state, entry.error, entry.seconds = "running", None, None
        entry.settings, entry.inputs = state.settings, _known(state)
        entry.key, entry.digests, entry.begun = state.key, {}, True
        entry.work = entry.work or secrets.token_hex(8)
        self.save()
        watcher.started(task, why)
        return True

    def _goes_on(self, past: Entry, now: TaskInputs) -> bool:
        """Whether what lies there is the unfinished work of the same task."""
        is_again = past.name in self._again and past.state == "failed"
        return past.key == now.key and not past.digests and not is_again

    def _clear(self, task: Task) -> None:
        """Remove what other settings or inputs have made.

        The plan forgets it first: were this process killed in between, the next run would take
        the rest for its own.
        """
        entry = self.entries[task.name]
        is_remembered = bool(entry.key)
        entry.state, entry.key, entry.digests, entry.work = "waiting", "", {}, ""
        if is_remembered:
            self.save()
        clear_leftovers(self.folder, (*task.outputs, task.log))

    def _end(self, result: Result, watcher: Watcher, *, was_stopped: bool) -> None:
        task, entry = self.tasks[result.name], self.entries[result.name]
        digests = {path: self._fingerprints.of(path) for path in task.outputs}
        absent = [path for path, digest in digests.items() if digest is None]
        entry.seconds = round(result.seconds, 3)
        if result.code == 0 and not absent:
            entry.state = "done"
            entry.digests = {path: digest for path, digest in digests.items() if digest}
        elif was_stopped:
            entry.state, entry.error = "waiting", "stopped"
        else:
            entry.state = "failed"
            error = result.error or f"it ended before {absent[0]} was there"
            entry.error = with_keys(error, task.table, f"{task.table}.")
        watcher.ended(task, entry)
        self.save()

    def _explain_waiting(self) -> None:
        """Say of each task that was not done which one it waits for."""
        for name, task in self.tasks.items():
            entry = self.entries[name]
            if entry.state != "waiting" or entry.error == "stopped":
                continue
            open_needs = [n for n in task.waits_for if self.entries[n].state != "done"]
            if open_needs:
                first = open_needs[0]
                entry.error = f"waits for {first}"
                if self.entries[first].state == "failed":
                    entry.error += ", which failed"
            elif name not in self._chosen:
                entry.error = "not asked for"

    def save(self) -> None:
        """Write the plan as it stands."""
        self._fingerprints.save()
        write_plan(self.folder, self._about, self.entries.values())


def _known(state: TaskInputs) -> dict[str, str]:
    return {path: digest for path, digest in state.inputs.items() if digest is not None}
