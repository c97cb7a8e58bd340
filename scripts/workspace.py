"""Where a script that measures finds the data and keeps finished parts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Workspace:
    """What all quality scripts are told; each adds what tells its own parts apart.

    Attributes:
        data: the data folder.
        work: finished parts, so that a stopped script continues.
    """

    data: Path
    work: Path

    def raw(self, language: str) -> Path:
        """Raw text of a language."""
        return self.data / "mono" / f"{language}.txt.gz"
