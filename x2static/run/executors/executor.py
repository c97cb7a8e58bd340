"""Who performs orders: this machine's processes, or others behind the same few methods."""

from __future__ import annotations

import queue
import signal
import subprocess
import threading
from contextlib import suppress
from typing import Protocol

from x2static.run.executors.mirror import perform_here
from x2static.run.executors.order import Order, Result


class Executor(Protocol):
    """Performs orders in the background."""

    def has_room(self) -> bool:
        """Whether one more order would start at once, or may wait in a queue of its own."""

    def start(self, order: Order) -> None:
        """Begin."""

    def finished(self, seconds: float) -> list[Result]:
        """What ended since the last question; waits so long for it."""

    def stop(self) -> None:
        """Ask all that runs to save what it has and end."""

    def close(self) -> None:
        """End all that still runs, at once."""


class LocalExecutor:
    """Processes of this machine, each watched by a thread."""

    def __init__(self, workers: int) -> None:
        """At most so many at a time."""
        self._workers = workers
        self._running = 0
        self._ended: queue.SimpleQueue[Result | BaseException] = queue.SimpleQueue()
        self._processes: list[subprocess.Popen[bytes]] = []

    def has_room(self) -> bool:
        """Whether a worker is free."""
        return self._running < self._workers

    def start(self, order: Order) -> None:
        """Begin."""
        self._running += 1
        threading.Thread(target=self._perform, args=(order,), daemon=True).start()

    def finished(self, seconds: float) -> list[Result]:
        """What ended since the last question."""
        found: list[Result] = []
        with suppress(queue.Empty):
            found.append(self._take(self._ended.get(timeout=seconds)))
            while True:
                found.append(self._take(self._ended.get_nowait()))
        return found

    def stop(self) -> None:
        """Send SIGTERM."""
        self._send(signal.SIGTERM)

    def close(self) -> None:
        """Send SIGKILL."""
        self._send(signal.SIGKILL)

    def _perform(self, order: Order) -> None:
        try:
            self._ended.put(perform_here(order, self._processes.append))
        except BaseException as error:  # the main thread must hear of it
            self._ended.put(error)

    def _take(self, result: Result | BaseException) -> Result:
        self._running -= 1
        if isinstance(result, BaseException):
            raise result
        return result

    def _send(self, number: int) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(number)


def make_executor(ray: str | None, workers: int) -> Executor:
    """This machine, or a Ray cluster."""
    if ray is None:
        return LocalExecutor(workers)
    from x2static.run.executors.ray_executor import RayExecutor

    return RayExecutor(ray)


__all__ = ["Executor", "LocalExecutor", "make_executor"]
