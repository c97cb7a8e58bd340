"""Everything that is wrong with a workbench file, found before any work and told at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from x2static.core.errors import ConfigError, WorkbenchError
from x2static.core.messages import say


class Problems:
    """Collects complaints, each with its place in the file."""

    def __init__(self, file: Path) -> None:
        """Speak of ``file``."""
        self._file = file
        self._lines: dict[str, None] = {}  # in order, each once

    def add(self, place: str, text: str) -> None:
        """One more problem."""
        self._lines[f"{place}: {text}" if place else text] = None

    @contextmanager
    def catching(self, place: str) -> Iterator[None]:
        """Turn what is raised in here into a problem of that place."""
        try:
            yield
        except WorkbenchError as error:
            self.add(place, str(error))

    @property
    def lines(self) -> list[str]:
        """What was found so far."""
        return list(self._lines)

    def check(self) -> None:
        """Stop if there is any.

        Raises:
            ConfigError: the problem, or their number when each was printed on a line of its own.
        """
        lines = self.lines
        if len(lines) == 1:
            raise ConfigError(f"{self._file}: {lines[0]}")
        if lines:
            for line in lines:
                say(f"{self._file}: {line}")
            raise ConfigError(f"{self._file}: the {len(lines)} problems above; nothing was done")
