"""A crowded machine: how many processors to keep, which, and who is moved there."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from x2static.core.machine.processors import (
    Corner,
    busy_times,
    least_that_suffice,
    move_team,
)

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="threads can be placed on Linux only"
)
ALL = frozenset(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else frozenset()
SEVERAL = pytest.mark.skipif(len(ALL) < 2, reason="one processor has no corner")


@pytest.mark.parametrize(
    ("threads", "processors", "others", "expected"),
    [
        (2, 2, 0.0, 2),
        (2, 2, 0.7, 2),  # a busy neighbour for part of the time
        (2, 2, 0.8, 1),
        (2, 2, 1.6, 1),
        (16, 16, 4.0, 16),  # 12 would give four processors two threads, and the rest would wait
        (16, 16, 8.0, 8),
        (16, 16, 12.0, 4),
        (16, 16, 16.0, 1),
        (6, 6, 3.0, 3),
        (1, 4, 3.9, 1),
        (8, 2, 0.0, 2),  # more threads than processors, by the user's wish
    ],
)
def test_processors_are_given_up_only_where_no_thread_gets_more_to_do(
    threads: int, processors: int, others: float, expected: int
) -> None:
    assert least_that_suffice(threads, processors, others) == expected


def used(corner: Corner) -> Corner:
    with corner.together():
        pass
    return corner


def test_a_corner_is_taken_in_a_crowd_and_left_after_it() -> None:
    corner = Corner(random.Random(0))
    used(corner).look(2, {0: 0.5, 1: 0.5}, own=0.4, seconds=0.5)
    assert corner.kept in ({0}, {1})
    used(corner).look(2, {0: 0.5, 1: 0.1}, own=0.5, seconds=0.5)
    assert corner.kept is None


def test_without_a_computation_nobody_is_moved() -> None:
    corner = Corner(random.Random(0))
    corner.look(2, {0: 0.5, 1: 0.5}, own=0.4, seconds=0.5)
    assert corner.kept is None


def test_two_processes_in_one_corner_part() -> None:
    """Each sees half a processor of work beside its own there, and an idle one elsewhere."""
    corners = [Corner(random.Random(seed)) for seed in (1, 2)]
    for corner in corners:
        corner.kept = frozenset({0})
    for _ in range(20):
        places = [next(iter(corner.kept or ())) for corner in corners]
        if places[0] != places[1]:
            break
        busy = {place: 0.5 if place == places[0] else 0.3 for place in (0, 1)}
        for corner in corners:
            used(corner).look(2, busy, own=0.05, seconds=0.5)
    assert places[0] != places[1]


def test_a_corner_that_is_as_full_as_the_rest_is_kept() -> None:
    corner = Corner(random.Random(0))
    corner.kept = frozenset({1})
    for _ in range(20):
        used(corner).look(2, {0: 0.5, 1: 0.5}, own=0.3, seconds=0.5)
        assert corner.kept == {1}


@SEVERAL
def test_only_the_thread_that_asks_is_moved_and_only_meanwhile() -> None:
    corner = Corner()
    corner.kept = frozenset({max(ALL)})
    seen: list[frozenset[int]] = []

    def look() -> None:
        seen.append(frozenset(os.sched_getaffinity(0)))

    bystander, go = threading.Thread(target=lambda: (go.wait(), look())), threading.Event()
    bystander.start()
    with pytest.raises(KeyError), corner.together():
        look()
        go.set()
        bystander.join()
        raise KeyError
    look()
    assert seen == [{max(ALL)}, ALL, ALL]


TEAM = """
import os, threading
import torch
from pathlib import Path
from x2static.core.machine.processors import move_team

torch.set_num_threads(2)
torch.tanh(torch.randn(64, 2000))
everywhere = frozenset(os.sched_getaffinity(0))
threads = [int(task.name) for task in Path("/proc/self/task").iterdir()]
team = [task for task in threads if task != threading.get_native_id()]
for places in (frozenset({max(everywhere)}), everywhere):
    move_team(places)
    print({frozenset(os.sched_getaffinity(task)) for task in team} == {places},
          os.sched_getaffinity(0) == everywhere)
"""


@SEVERAL
def test_the_team_of_torch_goes_and_comes_back() -> None:
    pytest.importorskip("torch")
    answer = subprocess.run(
        [sys.executable, "-c", TEAM],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert answer.stdout.split() == ["True"] * 4


def test_pythons_own_threads_are_left_where_they_are(tmp_path: Path) -> None:
    (tmp_path / str(threading.get_native_id())).mkdir()
    (tmp_path / "999999999").mkdir()  # has ended
    move_team(frozenset({min(ALL)}), tmp_path)
    assert os.sched_getaffinity(0) == ALL


def test_busy_times_are_without_idle_and_waiting(tmp_path: Path) -> None:
    tick = os.sysconf("SC_CLK_TCK")
    stat = tmp_path / "stat"
    mine = min(ALL)
    stat.write_text(
        f"cpu  9 9 9 9 9 9 9 9 9 9\ncpu{mine} {tick} {tick} 0 {7 * tick} {7 * tick} 0 {tick} 0 0 0"
        f"\ncpu99999 {tick} 0 0 0 0 0 0 0 0 0\nintr 1\n"
    )
    assert busy_times(stat) == {mine: pytest.approx(3.0)}
    stat.write_text("nonsense\ncpu0 x\n")
    assert busy_times(stat) == {}
    assert busy_times(tmp_path / "none") == {}
