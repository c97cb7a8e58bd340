"""A small workbench, its program as a process, and those that it started in turn."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tests.distill.conftest import write_corpus
from tests.teachers import save_teacher

Found = TypeVar("Found")
ROOT = Path(__file__).resolve().parents[2]
TOML = """
output = "run"
teacher = "teacher"
corpora = "{}.txt"
languages = ["en"]
[prepare]
tokenizer = "whitespace"
rules = "all"
[distill]
min_count = 1
device = "cpu"
checkpoint_minutes = 0
"""


def write_workbench(folder: Path, more: str = "", sentences: int = 15000) -> Path:
    """A teacher, a corpus, and the file that speaks of them; ``more`` stands at its top."""
    folder.mkdir(parents=True, exist_ok=True)
    save_teacher(folder / "teacher")
    write_corpus(folder / "en.txt", sentences)
    (folder / "w.toml").write_text(more + TOML, encoding="utf-8")
    return folder / "w.toml"


def start(file: Path, *options: object, **variables: object) -> subprocess.Popen[bytes]:
    """``x2static run FILE`` in a process group of its own; what it says goes to ``said.txt``."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
        **{name: str(value) for name, value in variables.items()},
    }
    words = [sys.executable, "-m", "x2static", "run", str(file), *map(str, options)]
    with said(file).open("wb") as stream:
        return subprocess.Popen(
            words, stdout=stream, stderr=subprocess.STDOUT, env=environment, start_new_session=True
        )


def finish(file: Path, *options: object, **variables: object) -> str:
    """The same to its end, which must be a good one; what it said."""
    code = start(file, *options, **variables).wait()
    text = said(file).read_text(encoding="utf-8")
    assert code == 0, text
    return text


def said(file: Path) -> Path:
    """Where the last program that was started with this file talks to."""
    return file.with_name("said.txt")


def worker_of(process: subprocess.Popen[bytes], stage: str) -> int | None:
    """The descendant whose child works on a stage, if there is one by now."""
    answer = subprocess.run(
        ["ps", "-e", "-ww", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    )
    rows = [line.split(None, 2) for line in answer.stdout.splitlines()]
    parents = {int(row[0]): int(row[1]) for row in rows}
    for number, parent, command in (row for row in rows if len(row) == 3):
        if "x2static.run.executors.child" in command and f" {stage} " in command:
            ancestor = int(number)
            while ancestor in parents and ancestor != process.pid:
                ancestor = parents[ancestor]
            if ancestor == process.pid:
                return int(parent)
    return None


def wait_for(
    what: Callable[[], Found], process: subprocess.Popen[bytes], file: Path, seconds: float = 200
) -> Found:
    """Look until it is there; the program must not end before that."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert process.poll() is None, said(file).read_text(encoding="utf-8")
        assert time.monotonic() < deadline, said(file).read_text(encoding="utf-8")
        time.sleep(0.02)
    return found


def checkpoints(output: Path) -> list[Path]:
    """Those of an unfinished stage."""
    return list(output.with_name(f"{output.name}.unfinished").glob("checkpoints*/[0-9]*"))


def contents(run: Path) -> dict[str, bytes]:
    """The files of a run that hold results, by their path in it."""
    times = ("run.json", "curve.jsonl", "plan.json", ".log", "workbench.toml")
    return {
        str(path.relative_to(run)): path.read_bytes()
        for path in sorted(run.rglob("*"))
        if path.is_file()
        and not path.name.endswith(times)
        and not any(part.startswith(".") for part in path.relative_to(run).parts)
    }
