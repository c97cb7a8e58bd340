"""When a long run saves again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class SaveClock:
    """Saves are due every so many seconds, but never take more than about a tenth of the time."""

    def __init__(self, every: float) -> None:
        """Count from now; ``every`` is in seconds."""
        self._every, self._cost = every, 0.0
        self._saved = time.monotonic()

    def is_due(self) -> bool:
        """True when saving again costs at most a tenth of the time since the last save."""
        return time.monotonic() - self._saved >= max(self._every, 10 * self._cost)

    @contextmanager
    def saving(self) -> Iterator[None]:
        """Remember what the save in here costs."""
        began = time.monotonic()
        yield
        self._saved = time.monotonic()
        self._cost = self._saved - began
