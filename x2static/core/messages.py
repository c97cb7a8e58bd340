"""Lines on standard error, where a stage says what it notices on the way."""

from __future__ import annotations

import sys


def say(text: object) -> None:
    """A line that a user may want to read."""
    print(text, file=sys.stderr, flush=True)


def warn(text: object) -> None:
    """A line that a user should read: the result may not be what was asked for."""
    say(f"warning: {text}")
