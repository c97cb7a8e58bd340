"""How the threads of a computation wait for each other: spinning alone, asleep in a crowd.

OpenMP meets at the end of each of thousands of small parallel regions. GCC's runtime, which torch
and faiss bring along, spins there for milliseconds: the fastest way on a quiet machine, and a
disaster beside other processes, since the spinner holds the processor that the late thread needs.
Neither `GOMP_SPINCOUNT` nor `OMP_WAIT_POLICY` can change after the start, and a run may take a
night. But the runtime stops spinning almost at once whenever it has more threads than processors,
and that can change: `SleepingTeam` adds idle threads while the machine is crowded, and `Corner`
brings those that compute together. How many threads compute never changes, as results may depend
on it.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from x2static.core.machine.processors import CORNER, Corner, busy_times, move_team
from x2static.core.machine.processors import USERS_CHOICE as PLACED

USERS_CHOICE = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")
_INTERVAL = 0.5  # seconds between two looks
_CROWDED, _QUIET = 0.10, 0.03  # of the time that threads could have run, the part they waited
_LEAST = 50_000_000  # nanoseconds that must have passed for a share
_FIRST_STAY, _LONGEST_STAY = 2.0, 64.0  # seconds asleep, before spinning is tried again
_OWN = Path("/proc/self")


def may_adapt(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether waiting is ours to choose: the user has not, and there are threads to wait for."""
    if any(environment.get(name) for name in USERS_CHOICE):
        return False
    return environment.get("OMP_NUM_THREADS") != "1" and (_OWN / "schedstat").exists()


class Crowding:
    """How long this process's threads waited for a processor that others had, since the last look.

    A process with a thread that prepares beside those that compute has more threads than
    processors, and they queue behind one another. That is no crowd. So waiting counts for no longer
    than other processes ran on our processors.
    """

    def __init__(
        self,
        folder: Path = _OWN / "task",
        machine: Path = _OWN.parent / "stat",
        own_time: Callable[[], float] = time.process_time,
    ) -> None:
        """Begin to measure.

        Args:
            folder: a folder per thread, each with the kernel's ``schedstat``.
            machine: the kernel's ``stat``, with a line per processor.
            own_time: this process's processor time, in seconds.
        """
        self._folder, self._machine, self._own_time = folder, machine, own_time
        self._past = self._read()
        self._past_others = self._others()

    def share(self) -> float | None:
        """Time in the queue beside time in the queue or running; None: too little to tell."""
        now, past = self._read(), self._past
        others, past_others = self._others(), self._past_others
        self._past, self._past_others = now, others
        nothing = (0, 0)
        ran = sum(one[0] - past.get(name, nothing)[0] for name, one in now.items())
        queued = sum(one[1] - past.get(name, nothing)[1] for name, one in now.items())
        if ran + queued < _LEAST:
            return None
        if others is not None and past_others is not None:
            queued = min(queued, max(0, others - past_others))
        return queued / (ran + queued)

    def _read(self) -> dict[str, tuple[int, int]]:
        found = {}
        for thread in self._folder.iterdir():
            with suppress(OSError, ValueError):  # a thread that has just ended
                ran, queued, _ = (thread / "schedstat").read_text().split()
                found[thread.name] = (int(ran), int(queued))
        return found

    def _others(self) -> int | None:
        """Nanoseconds that our processors worked for others; None where nobody counts them."""
        times = busy_times(self._machine)
        return round(1e9 * (sum(times.values()) - self._own_time())) if times else None


class SleepingTeam:
    """Threads of every loaded libgomp that do nothing; with them, the runtime does not spin.

    Attributes:
        libraries: those libgomps.
    """

    def __init__(self, libraries: Sequence[str]) -> None:
        """Start them; they sleep in the kernel until `close`."""
        self.libraries = libraries
        self._done, self._there = threading.Event(), threading.Event()
        self._owner = threading.Thread(target=self._hold, name="sleeping team", daemon=True)
        self._owner.start()
        self._there.wait()

    def close(self) -> None:
        """End them, and the runtime spins again."""
        self._done.set()
        self._owner.join()

    def _hold(self) -> None:
        try:
            for path in self.libraries:
                with suppress(OSError, AttributeError):  # another library of that name
                    _start_idle(path)
        finally:
            self._there.set()
        self._done.wait()  # the runtime ends them with the thread that started them


def _start_idle(path: str) -> None:
    """As many idle threads as are missing for one more than processors."""
    import ctypes

    library = ctypes.CDLL(path)
    asked = getattr(sys.modules.get("torch"), "get_num_threads", library.omp_get_max_threads)
    count = max(2, library.omp_get_num_procs() - asked() + 2)  # this thread is one of them
    nothing = ctypes.cast(library.omp_get_thread_num, ctypes.c_void_p)
    library.GOMP_parallel(nothing, None, ctypes.c_uint(count), ctypes.c_uint(0))


def loaded_libraries(maps: Path = _OWN / "maps") -> list[str]:
    """Every copy of libgomp in this process: torch, faiss and others each bring their own."""
    paths = (line.split(maxsplit=5)[-1].strip() for line in maps.read_text().splitlines())
    return sorted({path for path in paths if Path(path).name.startswith("libgomp")})


class Patience:
    """When to stop spinning and when to try it again.

    A team that sleeps may find the machine quieter than one that spins would. So a crowd met right
    after a return to spinning doubles the next stay.
    """

    def __init__(self) -> None:
        """Spinning, as the runtime starts."""
        self.is_asleep = False
        self._stay, self._since = _FIRST_STAY, float("-inf")

    def look(self, share: float | None, now: float) -> bool:
        """Whether to sleep from now on.

        Args:
            share: of the time, that threads waited for a processor; None: as before.
            now: seconds on any clock.
        """
        if share is None:
            return self.is_asleep
        if not self.is_asleep and share > _CROWDED:
            soon = now - self._since <= 2 * self._stay
            self._stay = min(2 * self._stay, _LONGEST_STAY) if soon else _FIRST_STAY
            self.is_asleep, self._since = True, now
        elif self.is_asleep and share < _QUIET and now - self._since >= self._stay:
            self.is_asleep, self._since = False, now
        return self.is_asleep


class AdaptedWaiting(AbstractContextManager["AdaptedWaiting"]):
    """While it is entered, threads spin on a quiet machine and sleep on a crowded one."""

    def __init__(self, *, is_wanted: bool | None = None) -> None:
        """Look, but change nothing yet.

        Args:
            is_wanted: whether to do anything; None: as `may_adapt` says.
        """
        self._is_wanted = may_adapt() if is_wanted is None else is_wanted
        self._may_move = not any(os.environ.get(name) for name in PLACED)
        self._end = threading.Event()
        self._watch = threading.Thread(target=self._adapt, name="waiting", daemon=True)

    def __enter__(self) -> AdaptedWaiting:
        """Begin to watch."""
        if self._is_wanted:
            self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the runtime as it was."""
        self._end.set()
        if self._watch.is_alive():
            self._watch.join()

    def _adapt(self) -> None:
        crowding, patience = Crowding(), Patience()
        times = Times()
        team: SleepingTeam | None = None
        while not self._end.wait(_INTERVAL):
            is_asleep = patience.look(crowding.share(), time.monotonic())
            wanted = loaded_libraries() if is_asleep else []  # torch may come later than the crowd
            if team is not None and team.libraries != wanted:
                team.close()
                team = None
            if team is None and wanted:
                team = SleepingTeam(wanted)
            times.look(CORNER, is_crowded=team is not None and self._may_move)
        times.look(CORNER, is_crowded=False)
        if team is not None:
            team.close()


class Times:
    """What the processors worked between two looks, and the corner that follows from it."""

    def __init__(self) -> None:
        """Begin to measure."""
        self._everywhere = frozenset(os.sched_getaffinity(0))
        self._past = self._read()

    def look(self, corner: Corner, *, is_crowded: bool) -> None:
        """Choose a corner in a crowd, leave it without, and move the team along."""
        now, past = self._read(), self._past
        self._past = now
        (worked, own, clock), (past_worked, past_own, past_clock) = now, past
        before, seconds = corner.kept, clock - past_clock
        # None where torch is not loaded, or is just being loaded by another thread
        num_threads = getattr(sys.modules.get("torch"), "get_num_threads", None)
        if is_crowded and worked.keys() == past_worked.keys() and num_threads is not None:
            since = {number: worked[number] - past_worked[number] for number in worked}
            corner.look(num_threads(), since, own - past_own, seconds)
        else:
            corner.kept = None
        if corner.kept is not None or before is not None:
            move_team(corner.kept or self._everywhere)

    @staticmethod
    def _read() -> tuple[dict[int, float], float, float]:
        return busy_times(), time.process_time(), time.monotonic()
