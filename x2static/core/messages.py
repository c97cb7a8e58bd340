"""Lines on standard error, where a stage says what it notices on the way."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_unsaid: list[str] = []


def say(text: object) -> None:
    """A line that a user may want to read."""
    print(as_known(str(text)), file=sys.stderr, flush=True)


def warn(text: object) -> None:
    """A line that a user should read: the result may not be what was asked for."""
    say(f"warning: {text}")


@contextmanager
def unsaid(folder: str) -> Iterator[None]:
    """For a while, leave a folder out of the paths that lines name."""
    _unsaid.append(f"{folder}/")
    try:
        yield
    finally:
        _unsaid.remove(f"{folder}/")


def as_known(text: str) -> str:
    """A text without the folders that nobody but the program knows."""
    for folder in _unsaid:
        text = text.replace(folder, "")
    return text
