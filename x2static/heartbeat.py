"""A sign of life from a command that has said nothing for a while: how long it runs, what it does.

Stages count what can be counted (`x2static.core.progress`). What takes long and cannot be counted,
a large file read or one matrix decomposed, names itself by `doing`.
"""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType

from x2static.core.progress import format_seconds, signs

_PLAIN_SECONDS, _LIVE_SECONDS = 15.0, 4.0
_LIVE_EVERY_SECONDS = 1.0


class Heartbeat:
    """While active, a line on standard error whenever nothing else has been shown for a while."""

    def __init__(self, label: str) -> None:
        """Watch the command of this name."""
        self._label, self._began = label, time.monotonic()
        self._ended = threading.Event()
        self._live = sys.stderr.isatty()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._wrote = False

    def __enter__(self) -> Heartbeat:
        """Start watching."""
        signs.tell()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop, and take the line away where it can be."""
        self._ended.set()
        self._thread.join()
        if self._wrote and self._live:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)  # noqa: T201
        signs.doing = ""

    def _watch(self) -> None:
        quiet = _LIVE_SECONDS if self._live else _PLAIN_SECONDS
        every = _LIVE_EVERY_SECONDS if self._live else quiet
        wait = quiet
        while not self._ended.wait(wait):
            left = quiet - signs.silence()
            if left > 0:
                wait = left
                continue
            self._show()
            wait = every

    def _show(self) -> None:
        """Not counted as a sign: a live line goes on until another takes its place."""
        what = f", {signs.doing}" if signs.doing else ""
        line = f"{self._label}: {format_seconds(time.monotonic() - self._began)}{what}"
        self._wrote = True
        text, end = (f"\r\x1b[K{line}", "") if self._live else (line, "\n")
        print(text, end=end, file=sys.stderr, flush=True)  # noqa: T201
