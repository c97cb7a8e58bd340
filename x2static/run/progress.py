"""How far a running stage is, read off the end of its log."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from x2static.run.executors.order import last_words

_SHARE = re.compile(r"\((\d+) %\)")
_LEFT = re.compile(r"([\d:]+) left")
_START = re.compile(r"=== \d")


@dataclass(frozen=True)
class StageProgress:
    """What a stage last said of itself.

    Attributes:
        percent: done, None where it does not say.
        left: time that remains, as text.
    """

    percent: int | None = None
    left: str = ""


def read_progress(log: Path) -> StageProgress:
    """The newest progress line of the newest attempt."""
    for line in reversed(last_words(log)):
        if _START.match(line):
            break
        if share := _SHARE.search(line):
            left = _LEFT.search(line)
            return StageProgress(int(share[1]), left[1] if left else "")
    return StageProgress()
