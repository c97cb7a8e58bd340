"""``x2static run``: check the file, hold the folder, do the tasks, say what came of them."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import time
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from x2static.compare.scores import summary as summary_of_scores
from x2static.core.errors import Interrupted, WorkbenchError
from x2static.core.machine.cores import count_cores
from x2static.core.machine.interrupts import StopRequest
from x2static.core.messages import warn
from x2static.core.outcome import Outcome
from x2static.core.progress import format_seconds
from x2static.core.storage.files import staged
from x2static.core.storage.lock import FolderLock
from x2static.core.storage.run_record import package_versions
from x2static.run.board import make_board
from x2static.run.config import RunConfig
from x2static.run.executors.executor import make_executor
from x2static.run.executors.order import Order
from x2static.run.executors.store import Store
from x2static.run.executors.stored_executor import StoredExecutor, leave, restore, through_store
from x2static.run.own_folder import COPY_NAME, refuse_foreign
from x2static.run.plan.graph import ALL, Task, build_graph
from x2static.run.plan.plan_file import PLAN_NAME, Entry
from x2static.run.plan.selection import select, select_from
from x2static.run.readiness import downloads, obstacles
from x2static.run.rejected import rejection_of
from x2static.run.schedule import Schedule
from x2static.run.workbench.needs import stages as all_stages
from x2static.run.workbench.problems import Problems
from x2static.run.workbench.settings import arguments, commands
from x2static.run.workbench.workbench import Workbench, read_workbench

_LOCK_NAME = ".lock"
_FEW = 3
_GRACE_SECONDS = 2.0  # Ctrl-C in a terminal reaches the stages, too: let them stop by it


def run(config: RunConfig) -> Outcome:
    """Do what is missing or has changed; a task that fails does not stop those beside it."""
    began = time.monotonic()
    problems = Problems(config.workbench)
    bench = read_workbench(config.workbench, problems)
    tasks = {} if bench is None else build_graph(bench, problems)
    problems.check()
    if bench is None:
        raise WorkbenchError(f"{config.workbench}: not enough in it to continue")
    refuse_foreign(bench.output, bench.file, tasks)
    chosen, again = select(tasks, config.only), select_from(tasks, config.from_)
    if config.dry_run:
        schedule = Schedule(bench.output, tasks, chosen=chosen, again=again)
        return _preview(bench, tasks, schedule.preview())
    store = Store(bench.store) if bench.store else None
    if store is not None:
        store.check()
    with FolderLock(bench.output, _LOCK_NAME):
        if store is not None:
            restore(store, bench.output)
        schedule = Schedule(
            bench.output, tasks, chosen=chosen, again=again, about=_about(bench, config)
        )
        schedule.save()  # first, for it says whose folder this is
        _copy(bench)
        num_kept = _work(config, bench, schedule, store)
    return _outcome(bench, schedule, num_kept, time.monotonic() - began)


def _work(config: RunConfig, bench: Workbench, schedule: Schedule, store: Store | None) -> int:
    """Run the schedule; returns how many tasks were kept as they were."""
    threads = max(1, num_cores() // config.workers)
    executor = make_executor(config.ray, config.workers)
    if store is not None:
        is_remote = config.ray is not None
        executor = StoredExecutor(executor, store, bench.output, is_remote=is_remote)
    try:
        with (
            StopRequest() as stop,
            make_board(bench.output, schedule.tasks, schedule.entries, config.workers) as board,
        ):

            def is_stopped() -> bool:
                if stop.signal == signal.SIGINT:
                    time.sleep(_GRACE_SECONDS)
                return stop.signal is not None

            def order(task: Task) -> Order:
                made = order_of(task, bench.output, threads)
                if not bench.store:
                    return made
                return through_store(made, task, schedule.entries[task.name], bench.store)

            schedule.run(executor, order, board, is_stopped)
            num_kept = board.num_kept
            was_stopped = stop.signal is not None
    finally:
        executor.close()
    if store is not None:
        leave(store, bench.output, schedule.entries, (COPY_NAME, PLAN_NAME))
    if was_stopped:
        raise Interrupted(
            f"what is done is kept in {bench.output}; continue with x2static run {config.workbench}"
        )
    return num_kept


def num_cores() -> int:
    """Cores to be shared out: as many as this process may use, or OMP_NUM_THREADS says."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return int(asked) if asked.isdecimal() and int(asked) else count_cores()


def order_of(task: Task, folder: Path, threads: int) -> Order:
    """The command line of a task."""
    threads = task.needs.cpus or threads
    typed = dict(task.typed)
    if task.stage == "prepare":
        typed.setdefault("workers", threads)
    if task.table == "align":
        typed.setdefault("threads", threads)
    words = [*commands()[task.table].split(), *arguments(task.table, typed)]
    if task.json:
        words.append(f"--json={task.json}")
    module = "x2static"
    if task.processes > 1:
        module, words = "continued_pretraining", words[1:]
    return Order(
        name=task.name,
        folder=folder,
        module=module,
        words=tuple(words),
        log=task.log,
        threads=threads,
        processes=task.processes,
        needs=task.needs,
    )


def _about(bench: Workbench, config: RunConfig) -> dict[str, Any]:
    return {
        "hub": bench.hub,
        "teacher": bench.teacher,
        "languages": list(bench.languages),
        "workers": config.workers,
        "versions": package_versions(),
    }


def _copy(bench: Workbench) -> None:
    """Leave a copy of the file with the results; it may be that very copy."""
    copy = bench.output / COPY_NAME
    if not (copy.exists() and copy.samefile(bench.file)):
        with staged(copy, own=True) as temporary:
            shutil.copyfile(bench.file, temporary)


def _preview(bench: Workbench, tasks: Mapping[str, Task], found: Mapping[str, str]) -> Outcome:
    """What a run would do, with what each task is going to fetch or fail for.

    Raises:
        WorkbenchError: some tasks cannot succeed; all that was found has been printed.
    """
    width = max(map(len, found))
    to_run = [name for name, text in found.items() if text.startswith("run")]
    doomed = {name: why for name in to_run if (why := obstacles(tasks[name]))}
    lines = []
    for name, text in found.items():
        fetched = downloads(tasks[name]) if name in to_run and name not in doomed else None
        lines.append(f"{name:{width}}  {text}" + (f"; {fetched}" if fetched else ""))
        lines += [f"{'':{width}}  FAILS: {why}" for why in doomed.get(name, ())]
    what = [text.partition(":")[0] for text in found.values()]
    lines.append(
        f"{bench.output}: {what.count('run')} tasks to run, {what.count('kept')} kept, "
        f"{what.count('skipped')} with nothing to do"
        + (f", {what.count('left')} not asked for" if "left" in what else "")
    )
    if doomed:
        print("\n".join(lines))  # noqa: T201
        parts = [f"{name}: {why[0]}" for name, why in doomed.items()]
        shown = "; ".join(parts[:_FEW]) + (" ..." if len(parts) > _FEW else "")
        raise WorkbenchError(
            f"{len(doomed)} of {len(to_run)} tasks would fail, and all that waits for them: {shown}"
        )
    return Outcome("\n".join(lines), {"output": str(bench.output), "tasks": dict(found)})


def _outcome(bench: Workbench, schedule: Schedule, num_kept: int, seconds: float) -> Outcome:
    """The end of a run: a table, and an error if anything failed."""
    entries = schedule.entries
    failed = [entry for entry in entries.values() if entry.state == "failed"]
    done = [entry for entry in entries.values() if entry.state == "done"]
    rejected = rejections(bench.output, done)
    text = (
        f"{summary(entries, rejected)}\n{bench.output}: {len(done)} of "
        f"{sum(entry.state != 'skipped' for entry in entries.values())} tasks done "
        f"({num_kept} kept from before), in {format_seconds(seconds)}"
    )
    if rejected:
        text += f"; {len(rejected)} written unaligned: {', '.join(rejected)}"
    for name, why in rejected.items():
        warn(f"{name}: {why}")
    if failed:
        print(text)  # noqa: T201
        waiting = [e for e in entries.values() if (e.error or "").startswith("waits for")]
        parts = [f"{e.name}: {e.error} (log: {bench.output / e.log})" for e in failed]
        more = f"; {len(waiting)} wait for these" if waiting else ""
        raise WorkbenchError(
            f"{len(failed)} tasks failed{more}: {'; '.join(parts)}; fix it and "
            f"give the same command again"
        )
    data = {
        "output": str(bench.output),
        "kept": num_kept,
        "seconds": round(seconds, 3),
        "states": {name: entry.state for name, entry in entries.items()},
        "rejected_alignments": rejected,
    }
    if scores := summary_of_scores(bench.output):
        text += "\n\n" + "\n".join(scores)
    hint = f"x2static report {shlex.quote(str(bench.output))} shows the scores on one page"
    return Outcome(f"{text}\n{hint}", data)


def rejections(folder: Path, done: Iterable[Entry]) -> dict[str, str]:
    """Why an alignment was rejected, by language; its task is done nevertheless."""
    found = {}
    for entry in done:
        if entry.stage == "align" and (why := rejection_of(folder, entry)):
            found[entry.language] = why
    return found


def summary(entries: Mapping[str, Entry], rejected: Collection[str] = ()) -> str:
    """A line for each language, a column for each stage.

    Args:
        entries: of the plan.
        rejected: languages that were left unaligned.
    """
    there = {entry.stage for entry in entries.values() if entry.state != "skipped"}
    stages = [stage for stage in all_stages() if stage in there]
    rows = [["", *stages]]
    for language in dict.fromkeys(entry.language for entry in entries.values()):
        cells = [_cell(entries.get(f"{language}/{stage}")) for stage in stages]
        if language in rejected:
            cells[stages.index("align")] += " REJECTED"
        rows.append(["all" if language == ALL else language, *cells])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _cell(entry: Entry | None) -> str:
    if entry is None:
        return ""
    if entry.state == "done":
        return format_seconds(entry.seconds or 0)
    return {"skipped": "-", "failed": "FAILED"}.get(entry.state, entry.state)
