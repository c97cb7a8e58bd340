"""A task as a process: the command, where it runs, what came of it."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from x2static.run.workbench.needs import NO_NEEDS, Needs

_ROOT = Path(__file__).resolve().parents[3]
_TAIL = 1 << 16
_DISK_FULL = 1 << 20
_THREADS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
    "RAYON_NUM_THREADS",
)


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a worker is to do; plain data, so that it can go to another machine.

    Attributes:
        name: of the task.
        folder: the run's folder: where the process runs.
        module: Python module to run.
        words: its arguments.
        log: where its output goes, relative to the folder.
        threads: that it computes with.
        processes: how many are started together.
        needs: of a machine.
        environment: further variables.
        store: address where inputs and outputs are shared, or nothing: all see one folder.
        work: names the piece of work that leftovers may belong to; see `Entry.work`.
        reads: digest of each input that lies in the run's folder.
        outputs: what it makes, relative to the folder.
    """

    name: str
    folder: Path
    module: str
    words: tuple[str, ...]
    log: str
    threads: int = 1
    processes: int = 1
    needs: Needs = NO_NEEDS
    environment: Mapping[str, str] = field(default_factory=dict)
    store: str = ""
    work: str = ""
    reads: Mapping[str, str] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Result:
    """What became of an order.

    Attributes:
        name: of the task.
        code: exit code; negative for a signal.
        seconds: that it took.
        error: one line, or nothing.
    """

    name: str
    code: int
    seconds: float
    error: str = ""


def perform(
    order: Order,
    started: Callable[[subprocess.Popen[bytes]], None] = lambda _: None,
    meanwhile: Callable[[], None] = lambda: None,
) -> Result:
    """Run it to its end; interrupted, it hands the signal on and waits for the process.

    Args:
        order: what to do.
        started: is told of the process.
        meanwhile: is called again and again while it runs.
    """
    began = time.monotonic()
    log = order.folder / order.log
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as stream:
            moment = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
            stream.write(f"=== {moment} on {os.uname().nodename}\n$ {shown(order)}\n".encode())
            stream.flush()
            first = stream.tell()
            process = subprocess.Popen(
                command(order),
                cwd=order.folder,
                env=environment(order),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
            )
    except OSError as error:
        seconds = time.monotonic() - began
        return Result(name=order.name, code=2, seconds=seconds, error=f"{log}: {error.strerror}")
    started(process)
    try:
        while True:
            try:
                process.wait(0.2)
                break
            except subprocess.TimeoutExpired:
                meanwhile()
    except KeyboardInterrupt:  # a cluster takes the task back
        process.terminate()
        process.wait()
        raise
    code = process.returncode
    reason = "" if code == 0 else explain(code, last_words(log, first))
    if code and shutil.disk_usage(order.folder).free < _DISK_FULL:
        reason += f" (the disk of {order.folder} is full)"
    return Result(name=order.name, code=code, seconds=time.monotonic() - began, error=reason)


def command(order: Order) -> list[str]:
    """The words that start the process."""
    child = [sys.executable, "-m", "x2static.run.executors.child"]
    if order.processes == 1:
        return [*child, str(os.getpid()), order.module, *order.words]
    launcher = ["torch.distributed.run", "--standalone", f"--nproc_per_node={order.processes}"]
    inner = ["-m", "x2static.run.executors.child", "0", order.module, *order.words]
    return [*child, str(os.getpid()), *launcher, *inner]


def environment(order: Order) -> dict[str, str]:
    """This process's variables, with the threads that the task may use."""
    threads = str(max(1, order.threads // order.processes))
    paths = [str(_ROOT), os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        **dict.fromkeys(_THREADS, threads),
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "PYTHONSAFEPATH": "1",  # the run's folder holds no modules
        "PYTHONUNBUFFERED": "1",
        **order.environment,
    }


def shown(order: Order) -> str:
    """The command as one would type it."""
    program = "x2static" if order.module == "x2static" else f"python -m {order.module}"
    return f"{program} {shlex.join(order.words)}".rstrip()


def last_words(log: Path, first: int = 0) -> list[str]:
    """The last lines of a log, not from before ``first``."""
    try:
        with log.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(first, size - _TAIL))
            text = stream.read().decode("utf-8", errors="replace")
    except OSError:
        return []
    return [line.strip() for line in text.replace("\r", "\n").split("\n") if line.strip()]


def explain(code: int, lines: list[str]) -> str:
    """Why a process ended, in one line."""
    for line in reversed(lines):
        for mark in ("error: ", "interrupted: "):
            if line.startswith(mark):
                return line.removeprefix("error: ")
    if code in (-signal.SIGKILL, 128 + signal.SIGKILL):
        return "killed (SIGKILL); out of memory?"
    if code < 0:
        return f"ended by {signal.Signals(-code).name}"
    telling = [line for line in lines if line.strip("=-_ ")]
    return telling[-1] if telling else f"ended with code {code}"
