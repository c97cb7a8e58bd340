"""Let Ctrl-C and SIGTERM stop long work, but never in the middle of a step that must be whole."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
Kind = TypeVar("Kind", bound="_Watch")


class _Watch:
    """Takes both signals while active.

    Outside the main thread Python delivers no signals; there it does nothing.
    """

    def __init__(self) -> None:
        self._before: dict[int, Any] = {}

    def __enter__(self: Kind) -> Kind:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._handle) for number in _SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None, /) -> None:
        raise NotImplementedError


class StopRequest(_Watch):
    """While active, notes the first signal; Ctrl-C a second time interrupts at once.

    For processes that work together and must agree on the step at which they stop.

    Attributes:
        signal: the number of the signal that came, or None.
    """

    def __init__(self) -> None:
        super().__init__()
        self.signal: int | None = None

    def _handle(self, number: int, _frame: FrameType | None, /) -> None:
        if self.signal is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.signal = number


class StopSignals(_Watch):
    """While active, both signals raise KeyboardInterrupt, at once or after a whole step."""

    def __init__(self) -> None:
        super().__init__()
        self._held = False
        self._pending = False

    def _handle(self, _number: int, _frame: FrameType | None, /) -> None:
        if not self._held:
            raise KeyboardInterrupt
        self._pending = True

    @contextmanager
    def whole_step(self) -> Iterator[None]:
        """Work in here is finished before a signal takes effect."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self._pending:
            self._pending = False
            raise KeyboardInterrupt
