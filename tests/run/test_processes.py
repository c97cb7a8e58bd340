"""Stages as processes: their logs, their errors, and what kill -9 leaves of them."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from x2static.run.executors.executor import LocalExecutor
from x2static.run.executors.order import Order, Result, command, explain, perform
from x2static.run.progress import StageProgress, read_progress

STAGE = """
import os, sys, time
from pathlib import Path
output, seconds, *inputs = sys.argv[1:]
print(os.getpid(), flush=True)
text = "".join(Path(name).read_text() for name in inputs) + output[-1]
half = Path(output + ".unfinished")
done = half.read_text() if half.exists() else ""
assert text.startswith(done), "somebody else's work"
with half.open("a") as stream:  # goes on where it was killed
    for letter in text[len(done):]:
        stream.write(letter)
        stream.flush()
        time.sleep(float(seconds))
os.replace(half, output)
"""

PROGRAM = """
import os
import sys
from pathlib import Path
from tests.run.test_schedule import Silent, ToyConfig
from x2static.core.storage.lock import FolderLock
from x2static.run.executors.executor import LocalExecutor
from x2static.run.plan.graph import Task
from x2static.run.executors.order import Order
from x2static.run.schedule import Schedule

folder = Path(sys.argv[1])
folder.mkdir(exist_ok=True)
tasks = {}
def add(language, stage, *reads):
    task = Task(language=language, stage=stage, table=stage, config=ToyConfig(), inputs=reads,
                outputs=(f"{language}.{stage}",),
                waits_for=tuple(name.replace(".", "/") for name in reads))
    tasks[task.name] = task
for code in "abc":
    add(code, "one")
    add(code, "two", f"{code}.one")
add("all", "three", "a.two", "b.two", "c.two")
def order(task):
    words = (task.outputs[0], os.environ.get("TOY_SECONDS", "0.03"), *task.inputs)
    return Order(name=task.name, folder=folder, module="toy_stage", words=words, log=task.log)
with FolderLock(folder, ".lock"):
    Schedule(folder, tasks, chosen=set(tasks)).run(LocalExecutor(2), order, Silent())
"""


def code_order(folder: Path, code: str) -> Order:
    """An order that runs a line of Python."""
    (folder / "inline_stage.py").write_text(code)
    return Order(
        name="de/distill",
        folder=folder,
        module="inline_stage",
        words=(),
        log="logs/x.log",
        threads=3,
        environment={"PYTHONPATH": os.pathsep.join([str(folder), *sys.path])},
    )


def test_output_goes_to_the_log_and_threads_are_set(tmp_path):
    result = perform(code_order(tmp_path, "import os\nprint(os.environ['OMP_NUM_THREADS'])"))
    assert (result.code, result.error) == (0, "")
    lines = (tmp_path / "logs/x.log").read_text().splitlines()
    assert lines[0].startswith("=== ")
    assert lines[1:] == ["$ python -m inline_stage", "3"]


@pytest.mark.parametrize(
    ("code", "exit_code", "error"),
    [
        ("print('error: no room')\nraise SystemExit(2)", 2, "no room"),
        ("1 / 0", 1, "ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)", 3, "ended with code 3"),
        ("import os; os.kill(os.getpid(), 9)", -9, "killed (SIGKILL); out of memory?"),
        ("import os; os.kill(os.getpid(), 15)", -15, "ended by SIGTERM"),
    ],
)
def test_a_failure_is_one_line(tmp_path, code, exit_code, error):
    perform(code_order(tmp_path, "print('error: of an earlier attempt')"))
    result = perform(code_order(tmp_path, code))
    assert (result.code, result.error) == (exit_code, error)


def test_the_last_error_line_counts():
    assert explain(2, ["error: first", "error: de.txt: gone", "and more"]) == "de.txt: gone"
    assert explain(130, ["interrupted: kept in x"]) == "interrupted: kept in x"


def test_several_processes_start_through_torchrun(tmp_path):
    order = Order(
        name="*/pretrain",
        folder=tmp_path,
        module="continued_pretraining",
        words=("--steps=1",),
        log="x",
        processes=2,
    )
    words = command(order)
    assert words[4:7] == ["torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    assert words[-5:] == [
        "-m",
        "x2static.run.executors.child",
        "0",
        "continued_pretraining",
        "--steps=1",
    ]


def test_progress_is_read_off_the_newest_attempt(tmp_path):
    log = tmp_path / "x.log"
    log.write_text("=== 1\ndistill: 9/10 sentences (90 %), 2 s/s, 0:01 left\n=== 2\nloading\n")
    assert read_progress(log) == StageProgress()
    log.write_text("=== 1\ndistill: 4/10 sentences (40 %), 2 s/s, 1:02 left, loss 3\n5 words\n")
    assert read_progress(log) == StageProgress(40, "1:02")


def test_stopping_reaches_the_processes(tmp_path):
    executor = LocalExecutor(1)
    executor.start(code_order(tmp_path, "import time\nprint('there', flush=True)\ntime.sleep(60)"))
    assert not executor.has_room()
    log = tmp_path / "logs/x.log"
    while not log.exists() or "there" not in log.read_text():
        time.sleep(0.02)
    executor.stop()
    results: list[Result] = []
    while not results:
        results = executor.finished(1)
    assert results[0].code == -signal.SIGTERM
    assert executor.has_room()


@pytest.fixture
def toy(tmp_path: Path) -> list[str]:
    """The words of a program that runs seven slow toy tasks in the folder named after them."""
    (tmp_path / "toy_stage.py").write_text(STAGE)
    (tmp_path / "program.py").write_text(PROGRAM)
    return [sys.executable, str(tmp_path / "program.py")]


def start(toy: list[str], folder: Path) -> subprocess.Popen[bytes]:
    root = Path(__file__).resolve().parents[2]
    paths = os.pathsep.join([str(root), str(folder.parent)])
    with (folder.parent / "said.txt").open("wb") as stream:
        return subprocess.Popen(
            [*toy, str(folder)],
            env={**os.environ, "PYTHONPATH": paths},
            start_new_session=True,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )


def results_in(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.glob("[!.]*.[!j]*")}


def test_killed_at_random_moments_ends_as_an_unbroken_run(tmp_path, toy):
    assert start(toy, tmp_path / "whole").wait() == 0
    draw = random.Random(5)
    for _ in range(5):
        process = start(toy, tmp_path / "torn")
        time.sleep(draw.uniform(0.2, 1.5))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert start(toy, tmp_path / "torn").wait() == 0, (tmp_path / "said.txt").read_text()
    assert results_in(tmp_path / "torn") == results_in(tmp_path / "whole")
    assert results_in(tmp_path / "torn")["all.three"] == "eoeoeoe"


def test_a_stage_dies_with_its_runner(tmp_path, toy, monkeypatch):
    monkeypatch.setenv("TOY_SECONDS", "20")
    process = start(toy, tmp_path / "run")
    log = tmp_path / "run/logs/a.one.log"
    while not log.exists() or len(lines := log.read_text().splitlines()) < 3:
        time.sleep(0.02)
    process.kill()  # the runner alone
    process.wait()
    deadline = time.monotonic() + 5  # elsewhere than on Linux a thread looks twice a second
    while is_alive(int(lines[2])) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_alive(int(lines[2]))
    monkeypatch.delenv("TOY_SECONDS")
    assert start(toy, tmp_path / "run").wait() == 0


def is_alive(process: int) -> bool:
    """Whether a process runs: not gone, and no zombie that nobody has buried yet."""
    answer = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True
    )
    return answer.stdout.strip()[:1] not in ("", "Z")


def test_a_second_run_is_refused_with_the_owner(tmp_path, toy):
    first = start(toy, tmp_path / "run")
    while not (tmp_path / "run/plan.json").exists():
        time.sleep(0.02)
    assert start(toy, tmp_path / "run").wait() != 0
    owner = f"process {first.pid} on {os.uname().nodename} is working there"
    assert owner in (tmp_path / "said.txt").read_text()
    assert first.wait() == 0
    plan = json.loads((tmp_path / "run/plan.json").read_text())
    assert {task["state"] for task in plan["tasks"]} == {"done"}
