"""What a person sees of a run: a live table in a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from x2static.core.messages import say
from x2static.core.progress import format_seconds
from x2static.run.plan.estimate import seconds_left
from x2static.run.plan.graph import ALL, Task
from x2static.run.plan.plan_file import Entry
from x2static.run.progress import read_progress
from x2static.run.rejected import rejection_of
from x2static.run.workbench.needs import stages as all_stages

_PLAIN_EVERY_SECONDS = 60.0
_LIVE_EVERY_SECONDS = 1.0
_TEXTS = {"done": "done", "failed": "FAILED", "skipped": "–", "running": "...", "waiting": "·"}
_STYLES = {
    "done": "green",
    "failed": "bold red",
    "running": "bold cyan",
    "skipped": "dim",
    "rejected": "bold yellow",
}


class Board:
    """Keeps count, and says so line by line."""

    def __init__(
        self, folder: Path, tasks: Mapping[str, Task], entries: Mapping[str, Entry], workers: int
    ) -> None:
        """Watch a run.

        Args:
            folder: of the run.
            tasks: by name.
            entries: where each stands; read, never changed.
            workers: tasks at a time.
        """
        self._folder, self._tasks, self._entries, self._workers = folder, tasks, entries, workers
        self._began: dict[str, float] = {}
        self._shown = time.monotonic()
        self._rejected: set[str] = set()
        self.num_kept = 0

    def kept(self, task: Task, entry: Entry) -> None:
        """What an earlier run made holds."""
        self.num_kept += 1
        if task.stage == "align" and rejection_of(self._folder, entry):
            self._rejected.add(task.name)

    def started(self, task: Task, why: str) -> None:
        """A task begins."""
        self._began[task.name] = time.monotonic()
        self._say(f"{task.name}: begins ({why})")

    def ended(self, task: Task, entry: Entry) -> None:
        """A task is done or has failed."""
        self._began.pop(task.name, None)
        done, total = self._counts()
        took = format_seconds(entry.seconds or 0)
        if entry.state == "done":
            why = rejection_of(self._folder, entry) if task.stage == "align" else None
            self._rejected |= {task.name} if why else set()
            self._say(f"{task.name}: {why or 'done'} in {took} ({done} of {total})")
        elif entry.state == "failed":
            self._say(f"{task.name}: FAILED: {entry.error} (log: {self._folder / task.log})")
        else:
            self._say(f"{task.name}: {entry.error}")

    def tick(self) -> None:
        """Say how far all is, now and then."""
        if time.monotonic() - self._shown < _PLAIN_EVERY_SECONDS or not self._began:
            return
        parts = [f"{name} {self._progress(name)}" for name in self._began]
        self._say(f"{self._total()}; {', '.join(parts)}")

    def __enter__(self) -> Board:
        """Begin to show."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop showing."""

    def _say(self, text: str) -> None:
        self._shown = time.monotonic()
        say(f"[{time.strftime('%H:%M:%S')}] {text}")

    def _counts(self) -> tuple[int, int]:
        states = [entry.state for entry in self._entries.values()]
        return states.count("done"), len(states) - states.count("skipped")

    def _total(self) -> str:
        done, total = self._counts()
        now = time.monotonic()
        running = {name: now - began for name, began in self._began.items()}
        left = seconds_left(self._tasks, self._entries, running, self._workers)
        ending = "" if left is None else f", about {format_seconds(left)} left"
        return f"{done} of {total} done{ending}"

    def _progress(self, name: str) -> str:
        log = self._folder / self._tasks[name].log
        if not log.exists():  # nobody has taken it up: a cluster is full
            return "queued"
        found = read_progress(log)
        took = format_seconds(time.monotonic() - self._began[name])
        if found.percent is None:
            return took
        return f"{found.percent} %" + (f", {found.left} left" if found.left else "")


class LiveBoard(Board):
    """A table of languages and stages that is drawn anew all the time."""

    def __enter__(self) -> LiveBoard:
        """Take the terminal."""
        from rich.console import Console
        from rich.live import Live

        self._console = Console(stderr=True)
        self._live = Live(self._table(), console=self._console, auto_refresh=False, transient=True)
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Give it back."""
        self._live.stop()

    def tick(self) -> None:
        """Draw."""
        if time.monotonic() - self._shown >= _LIVE_EVERY_SECONDS:
            self._shown = time.monotonic()
            self._live.update(self._table(), refresh=True)

    def _say(self, text: str) -> None:
        """Above the table, for what went wrong only; the table shows the rest."""
        style = "red" if "FAILED" in text else "yellow" if "rejected" in text else None
        if style:
            self._console.print(text, style=style, markup=False, highlight=False)
        self._live.update(self._table(), refresh=True)

    def _table(self) -> Any:
        from rich.table import Table
        from rich.text import Text

        there = {task.stage for task in self._tasks.values() if not task.skipped}
        stages = [stage for stage in all_stages() if stage in there]
        table = Table(title=self._total(), title_justify="left", pad_edge=False, box=None)
        table.add_column("")
        for stage in stages:
            table.add_column(stage.replace(".", "\n"), justify="right", vertical="bottom")
        for language in self._languages(self._console.height - 6):
            cells = [self._cell(language, stage) for stage in stages]
            table.add_row(
                "all" if language == ALL else language,
                *(Text(text, style=_STYLES.get(state, "")) for text, state in cells),
            )
        return table

    def _cell(self, language: str, stage: str) -> tuple[str, str]:
        name = f"{language}/{stage}"
        entry = self._entries.get(name)
        if entry is None:
            return "", ""
        if entry.state == "running" and name in self._began:
            return self._progress(name), "running"
        if name in self._rejected:
            return "rejected", "rejected"
        return _TEXTS[entry.state], entry.state

    def _languages(self, room: int) -> list[str]:
        """Those that fit on the screen: the unfinished ones first where not all do."""
        languages = list(dict.fromkeys(task.language for task in self._tasks.values()))
        if len(languages) <= room:
            return languages
        busy = {name.partition("/")[0] for name in self._began}
        rest = {e.language for e in self._entries.values() if e.state in ("waiting", "failed")}
        ranked = sorted(languages, key=lambda code: (code not in busy, code not in rest))
        return ranked[: max(room, 1)]


def make_board(
    folder: Path, tasks: Mapping[str, Task], entries: Mapping[str, Entry], workers: int
) -> Board:
    """The table for a terminal, lines for anything else."""
    kind = LiveBoard if sys.stderr.isatty() else Board
    return kind(folder, tasks, entries, workers)
