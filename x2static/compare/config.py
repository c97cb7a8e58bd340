"""Settings of ``x2static compare``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from x2static.core.config import require_at_least
from x2static.core.errors import ConfigError
from x2static.core.setting import Help, free, positional


@dataclass(frozen=True, kw_only=True)
class CompareConfig:
    """Show two runs beside each other: scores, settings that differ, neighbours that changed."""

    HELP: ClassVar[Help] = Help(
        example="x2static compare runs/one runs/two --output one-two.html", rare="vocabulary top"
    )

    first: Annotated[Path, positional("folder of a run")]
    second: Annotated[Path, positional("folder of another run")]
    output: Annotated[Path | None, "also write a page that opens without a network"] = None
    words: Annotated[int, "words of the hub whose neighbours are compared; 0: none"] = 200
    top: Annotated[int, "neighbours of each"] = 5
    vocabulary: Annotated[int, "search for neighbours among this many frequent words"] = 30_000
    overwrite: Annotated[bool, free("replace a file that no comparison made")] = False

    def __post_init__(self) -> None:
        require_at_least("--words", self.words, 0)
        require_at_least("--top", self.top, 1)
        require_at_least("--vocabulary", self.vocabulary, 100)
        if self.first == self.second:
            raise ConfigError(f"{self.first} is named twice; give two runs")
