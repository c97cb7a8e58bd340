"""Waiting that suits the machine: when it is ours to choose, when to sleep, what it does."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import types
from collections.abc import Sequence
from pathlib import Path

import pytest

from x2static.core.machine import threads
from x2static.core.machine.processors import Corner
from x2static.core.machine.threads import (
    AdaptedWaiting,
    Crowding,
    Patience,
    SleepingTeam,
    may_adapt,
)

ROOT = Path(__file__).resolve().parents[2]
MS = 1_000_000  # nanoseconds
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's figures are Linux's")


@LINUX
@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, True),
        ({"OMP_NUM_THREADS": "2"}, True),
        ({"OMP_NUM_THREADS": "1"}, False),
        ({"OMP_WAIT_POLICY": "ACTIVE"}, False),
        ({"OMP_WAIT_POLICY": ""}, True),
        ({"GOMP_SPINCOUNT": "0"}, False),
        ({"KMP_BLOCKTIME": "5", "MKL_NUM_THREADS": "2"}, True),  # say nothing about libgomp's wait
    ],
)
def test_what_the_user_set_is_left_alone(environment: dict[str, str], expected: bool) -> None:
    assert may_adapt(environment) is expected


def write_times(folder: Path, **times: tuple[int, int]) -> None:
    for name, (ran, queued) in times.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "schedstat").write_text(f"{ran} {queued} 7\n")


def write_machine(path: Path, *, busy: int, idle: int = 0) -> None:
    """Milliseconds of every processor that we may use, in the kernel's ticks."""
    tick = 1000 // os.sysconf("SC_CLK_TCK")
    figures = f"{busy // tick} 0 0 {idle // tick} 0 0 0 0 0 0"
    lines = [f"cpu{number} {figures}\n" for number in sorted(os.sched_getaffinity(0))]
    path.write_text(f"cpu  {figures}\n{''.join(lines)}cpu999 9999999 0 0 0 0 0 0 0 0 0\nintr 5\n")


@LINUX
@pytest.mark.parametrize(
    ("others", "expected"),
    [(0, 0.0), (100, 100 / 1100), (900, 900 / 1900), (5000, 900 / 1900)],
)
def test_own_threads_queueing_behind_one_another_are_no_crowd(
    tmp_path: Path, others: int, expected: float
) -> None:
    tasks, machine, clock = tmp_path / "task", tmp_path / "stat", iter([10.0, 11.0])
    count = len(os.sched_getaffinity(0))
    write_times(tasks, a=(0, 0), b=(0, 0))
    write_machine(machine, busy=0)
    crowding = Crowding(tasks, machine, lambda: next(clock))
    write_times(tasks, a=(500 * MS, 400 * MS), b=(500 * MS, 500 * MS))
    write_machine(machine, busy=(1000 + others) // count, idle=700)
    assert crowding.share() == pytest.approx(expected, abs=0.01 * count)


def test_share_is_of_what_passed_since_the_last_look(tmp_path: Path) -> None:
    write_times(tmp_path, a=(1000 * MS, 500 * MS), b=(0, 0))
    crowding = Crowding(tmp_path, tmp_path / "no stat")
    write_times(tmp_path, a=(1600 * MS, 600 * MS), b=(200 * MS, 100 * MS))
    assert crowding.share() == pytest.approx(200 / 1000)
    assert crowding.share() is None  # nothing ran, nothing waited


def test_threads_may_come_and_go(tmp_path: Path) -> None:
    write_times(tmp_path, a=(0, 0), gone=(9 * MS, 9 * MS))
    crowding = Crowding(tmp_path, tmp_path / "no stat")
    (tmp_path / "gone" / "schedstat").unlink()
    write_times(tmp_path, a=(100 * MS, 0), new=(0, 300 * MS))
    assert crowding.share() == pytest.approx(300 / 400)


def test_a_crowd_means_sleep_and_quiet_means_spinning() -> None:
    patience = Patience()
    assert [patience.look(share, now) for share, now in [(0.05, 0), (0.2, 1), (0.05, 2)]] == [
        False,
        True,
        True,
    ]
    assert patience.look(0.0, 2.5)  # not before its stay is over
    assert patience.look(0.05, 3.5)  # between the two limits all stays as it is
    assert patience.look(None, 3.8)  # an idle process says nothing
    assert not patience.look(0.0, 4)
    assert not patience.look(None, 5)


def test_a_crowd_that_comes_back_at_once_is_waited_out_longer_each_time() -> None:
    patience, now, stays = Patience(), 0.0, []
    for _ in range(8):
        began = now
        assert patience.look(0.5, now)
        while patience.look(0.0, now):
            now += 0.5
        stays.append(now - began)
        now += 0.5
    assert stays == [2, 4, 8, 16, 32, 64, 64, 64]


def test_a_crowd_after_long_quiet_is_a_new_one() -> None:
    patience = Patience()
    patience.look(0.5, 0)
    assert not patience.look(0.0, 2)
    assert patience.look(0.5, 1000)
    assert not patience.look(0.0, 1002)


SPINS = """
import time
import types
import torch
from x2static.core.machine.threads import SleepingTeam, loaded_libraries

torch.set_num_threads(2)
numbers = torch.randn(64, 2000)

def spun():
    'Processor time of a team that has nothing to do.'
    torch.tanh(numbers)
    began = time.process_time()
    time.sleep(0.02)
    return time.process_time() - began

assert [path.rpartition("/")[2] for path in loaded_libraries()] == ["libgomp.so.1"]
for is_asleep in (False, True, False):
    team = SleepingTeam(loaded_libraries()) if is_asleep else None
    print(max(spun() for _ in range(20)))
    if team:
        team.close()
"""


@LINUX
def test_a_sleeping_team_ends_the_spinning_and_its_end_brings_it_back() -> None:
    """Processor time, not elapsed: a spin is 300,000 turns, a throttled one 100."""
    pytest.importorskip("torch")
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("two threads on one processor never spin")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("OMP_", "GOMP_"))}
    answer = subprocess.run(
        [sys.executable, "-c", SPINS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    before, asleep, after = map(float, answer.stdout.split())
    assert min(before, after) > 5 * asleep


class Team:
    """Stands in for the real one, and counts."""

    log: list[str]

    def __init__(self, libraries: Sequence[str]) -> None:
        self.libraries = libraries
        self.log.append(f"asleep in {', '.join(libraries)}")

    def close(self) -> None:
        self.log.append("spinning")


def watch(
    monkeypatch: pytest.MonkeyPatch, shares: Sequence[float], libraries: Sequence[Sequence[str]]
) -> list[str]:
    """What teams did while these shares were seen, and these libraries whenever they were asked."""
    Team.log = []
    given, there = iter(shares), iter(libraries)
    looked = threading.Event()

    class Crowd:
        def share(self) -> float:
            for share in given:
                return share
            looked.set()
            return shares[-1]

    monkeypatch.setattr(threads, "Crowding", Crowd)
    monkeypatch.setattr(threads, "SleepingTeam", Team)
    monkeypatch.setattr(threads, "loaded_libraries", lambda: next(there, libraries[-1]))
    monkeypatch.setattr(threads, "_INTERVAL", 0.001)
    monkeypatch.setattr(threads, "_FIRST_STAY", 0.0)
    with AdaptedWaiting(is_wanted=True):
        assert looked.wait(60)
    assert not [one for one in threading.enumerate() if one.name == "waiting"]
    return Team.log


def test_teams_follow_the_crowd_and_are_gone_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    log = watch(monkeypatch, [0.0, 0.5, 0.5, 0.0, 0.0, 0.5], [["a"]])
    assert log == ["asleep in a", "spinning"] * 2


def test_a_library_that_comes_after_the_crowd_sleeps_too(monkeypatch: pytest.MonkeyPatch) -> None:
    log = watch(monkeypatch, [0.5] * 4, [[], ["torch"], ["torch", "faiss"]])
    assert log == ["asleep in torch", "spinning", "asleep in torch, faiss", "spinning"]


def test_unwanted_it_watches_nothing() -> None:
    with AdaptedWaiting(is_wanted=False):
        assert not [one for one in threading.enumerate() if one.name == "waiting"]


@LINUX
def test_in_a_crowd_the_team_goes_to_a_corner_and_after_it_everywhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    moves: list[frozenset[int]] = []
    monkeypatch.setattr(threads, "move_team", moves.append)
    readings = iter(
        [
            ({0: 0.0, 1: 0.0}, 0.0, 10.0),
            ({0: 1.0, 1: 1.0}, 0.7, 11.0),  # others have 1.3 processors
            ({0: 2.0, 1: 2.0}, 1.4, 12.0),
            ({0: 3.0, 1: 2.0}, 2.4, 13.0),  # they are gone
            ({0: 4.0, 1: 3.0}, 4.4, 14.0),
            ({0: 5.0, 1: 4.0}, 5.1, 15.0),
        ]
    )
    monkeypatch.setattr(threads.Times, "_read", staticmethod(lambda: next(readings)))
    times, corner = threads.Times(), Corner(random.Random(0))
    everywhere = frozenset(os.sched_getaffinity(0))
    kept = []
    for is_crowded in (True, True, True, True, False):
        with corner.together():
            pass
        times.look(corner, is_crowded=is_crowded)
        kept.append(corner.kept)
    assert kept == [kept[0]] * 2 + [None] * 3
    assert kept[0] in ({0}, {1})
    assert moves == [kept[0], kept[0], everywhere]


@LINUX
def test_a_torch_that_is_just_being_loaded_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", types.ModuleType("torch"))
    corner = Corner(random.Random(0))
    with corner.together():
        pass
    threads.Times().look(corner, is_crowded=True)
    assert corner.kept is None


@LINUX
def test_what_is_no_libgomp_ends_nothing() -> None:
    SleepingTeam(["/nowhere/libgomp.so.1", sys.executable]).close()


@LINUX
def test_every_command_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program itself, and each process that ``accelerate`` starts."""
    import continued_pretraining.__main__ as process
    from x2static import cli

    for program in (cli, process):
        assert program.AdaptedWaiting is AdaptedWaiting
    for name in threads.USERS_CHOICE:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    seen: list[list[str]] = []

    def run(_arguments: object) -> None:
        seen.append([one.name for one in threading.enumerate()])

    monkeypatch.setattr(cli, "run", run)
    assert cli.main(["distill"]) == 0
    assert "waiting" in seen[0]
