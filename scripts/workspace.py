"""Where a script that measures finds the data and keeps finished parts."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
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

    def texts(self, languages: Sequence[str], lines: int = 10_000) -> list[str]:
        """``LANGUAGE=FILE`` with the first lines of each language's raw text."""
        found = []
        for language in languages:
            path = self.work / "heads" / f"{language}.{lines}.txt"
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                with gzip.open(self.raw(language), "rt", encoding="utf-8") as stream:
                    text = "".join(islice(stream, lines))
                path.write_text(text, encoding="utf-8")
            found.append(f"{language}={path}")
        return found
