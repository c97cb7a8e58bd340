"""Which processors a computation keeps to on a crowded machine.

Two threads that meet thousands of times a second, each in a queue of its own behind another
process, wait for the later queue every time. On one processor they take turns, and no moment is
lost to waiting; the scheduler moves the others away. How many threads compute stays as it is, and
so do the results.

Only the threads of a computation are moved: those of its OpenMP team, and the thread that leads it
while it is within `together`. A child process begins outside, with every processor.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

USERS_CHOICE = ("OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY", "KMP_AFFINITY")
_SLACK = 0.25  # of a processor: what others may leave idle on those that they have
_FULLER = 0.2  # of a processor: more work of others here than elsewhere, and we move
_IDLE = slice(3, 5)  # of user, nice, system, idle, waiting for a disk, ..., stolen


def busy_times(stat: Path = Path("/proc/stat")) -> dict[int, float]:
    """Seconds that each processor open to us has worked; empty where nobody counts them."""
    found: dict[int, float] = {}
    with suppress(OSError, ValueError, IndexError):
        ours = {f"cpu{number}": number for number in os.sched_getaffinity(0)}
        for line in stat.read_text().splitlines():
            name, *figures = line.split()
            if name in ours:
                ticks = [int(figure) for figure in figures[:8]]
                worked = sum(ticks) - sum(ticks[_IDLE])
                found[ours[name]] = worked / os.sysconf("SC_CLK_TCK")
    return found


def least_that_suffice(threads: int, processors: int, others: float) -> int:
    """How many processors to keep: a divisor of the threads, so that none has one more to do.

    Args:
        threads: of the computation.
        processors: that are open to it.
        others: how many of them other processes have worked on, on average.
    """
    enough = max(1.0, processors - others - _SLACK)
    divisors = (count for count in range(1, threads + 1) if threads % count == 0)
    return min(next((count for count in divisors if count >= enough), threads), processors)


class Corner:
    """The processors that the computation of this process keeps to; None: all.

    Attributes:
        kept: those processors.
    """

    def __init__(self, chance: random.Random | None = None) -> None:
        """All of them.

        Args:
            chance: two processes in one corner must not both leave it for the next.
        """
        self.kept: frozenset[int] | None = None
        self._chance = chance or random.Random()
        self._is_used = False

    @contextmanager
    def together(self) -> Iterator[None]:
        """Within it, the thread that asks stays in the corner."""
        self._is_used = True
        kept = self.kept
        if kept is None:
            yield
            return
        before = os.sched_getaffinity(0)
        with suppress(OSError):  # a processor that has been taken away from us
            os.sched_setaffinity(0, kept & before or before)
        try:
            yield
        finally:
            with suppress(OSError):
                os.sched_setaffinity(0, before)

    def look(self, threads: int, worked: Mapping[int, float], own: float, seconds: float) -> None:
        """Choose again.

        Args:
            threads: of the computation.
            worked: seconds that each processor worked since the last look.
            own: seconds of them for this process.
            seconds: since the last look.
        """
        others = max(0.0, sum(worked.values()) - own) / seconds
        count = least_that_suffice(threads, len(worked), others) if self._is_used else threads
        self._is_used = False
        if count >= min(threads, len(worked)):
            self.kept = None
        elif self.kept is None or len(self.kept) != count or self._is_fuller(worked, own, seconds):
            self.kept = frozenset(self._chance.sample(sorted(worked), count))

    def _is_fuller(self, worked: Mapping[int, float], own: float, seconds: float) -> bool:
        """Whether others have more of these processors than of the rest; then, every other time."""
        kept = self.kept or frozenset()
        rest = worked.keys() - kept
        here = (sum(worked.get(number, 0.0) for number in kept) - own) / len(kept)
        there = sum(worked[number] for number in rest) / max(len(rest), 1)
        return here > there + _FULLER * seconds and self._chance.random() < 0.5


CORNER = Corner()  # a process has one


def move_team(processors: frozenset[int], tasks: Path = Path("/proc/self/task")) -> None:
    """Put the threads that are not Python's own on these processors."""
    python = {thread.native_id for thread in threading.enumerate()}
    for task in tasks.iterdir():
        if int(task.name) not in python:
            with suppress(OSError):  # a thread that has just ended
                os.sched_setaffinity(int(task.name), processors)
