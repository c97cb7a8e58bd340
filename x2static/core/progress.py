"""Show how far long work has come: a live bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time

_PLAIN_EVERY_SECONDS = 15.0


def format_seconds(seconds: float) -> str:
    """``75`` as ``1:15``, ``3700`` as ``1:01:40``."""
    minutes, rest = divmod(int(seconds + 0.5), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


class Signs:
    """When the process last said something of its work, and what it is at.

    Attributes:
        doing: what takes its time now; empty where nothing has named itself.
    """

    def __init__(self) -> None:
        self.doing = ""
        self._last = time.monotonic()

    def tell(self) -> None:
        """Something has been shown."""
        self._last = time.monotonic()

    def silence(self) -> float:
        """Seconds since then."""
        return time.monotonic() - self._last


signs = Signs()
"""Of this process."""


def doing(what: str) -> None:
    """Name what takes its time from now on: ``reading vectors/de``; shown if it takes long."""
    signs.doing = what


class Progress:
    """Counts units done; prints rate, remaining time and whatever the stage adds.

    Everything goes to standard error, so that standard output stays readable for a machine.
    """

    def __init__(self, label: str, total: int | None, unit: str, *, done: int = 0) -> None:
        """Begin; ``total`` may be None (unknown); a resumed run starts at ``done``."""
        self._label, self._total, self._unit = label, total, unit
        self._done = self._first = self._shown_done = done
        self._began = self._shown = time.monotonic()
        self._note = ""
        self._live = sys.stderr.isatty()

    def __enter__(self) -> Progress:
        """Start showing."""
        return self

    def __exit__(self, *_: object) -> None:
        """Show the last state."""
        if self._done > self._shown_done:
            self._show()
        if self._live:
            print(file=sys.stderr)  # noqa: T201

    def advance(self, units: int, note: str = "") -> None:
        """Count ``units`` more; ``note`` is shown behind the rate, such as ``loss 1.23``."""
        self._done += units
        self._note = note or self._note
        now = time.monotonic()
        if now - self._shown >= (0.2 if self._live else _PLAIN_EVERY_SECONDS):
            self._show()

    def say(self, text: str) -> None:
        """Print a line that stays, such as neighbours of a few words."""
        signs.tell()
        print(f"\r\x1b[K{text}" if self._live else text, file=sys.stderr, flush=True)  # noqa: T201

    def _show(self) -> None:
        self._shown, self._shown_done = time.monotonic(), self._done
        signs.tell()
        seconds = max(self._shown - self._began, 1e-9)
        rate = (self._done - self._first) / seconds
        parts = [f"{self._label}: {self._done:,}"]
        if self._total:
            share = 100 * self._done / self._total
            parts = [f"{self._label}: {self._done:,}/{self._total:,} {self._unit} ({share:.0f} %)"]
            if rate > 0 and self._done < self._total:
                parts.append(f"{format_seconds((self._total - self._done) / rate)} left")
        else:
            parts[0] += f" {self._unit}"
        speed = f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"
        parts.insert(1, f"{speed} {self._unit}/s")
        line = ", ".join([*parts, *([self._note] if self._note else [])])
        end = "" if self._live else "\n"
        print(f"\r\x1b[K{line}" if self._live else line, end=end, file=sys.stderr, flush=True)  # noqa: T201
