"""The settings of `x2static report`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from x2static.core.config import require_at_least
from x2static.core.setting import Help, free, positional


@dataclass(frozen=True, kw_only=True)
class ReportConfig:
    """Show a run folder as one page that opens from disk, without a network.

    Whatever the folder holds is shown: sentences/, vectors/, aligned/, scores/, model/, plan.json.
    What is missing is named. The same folder gives the same bytes.
    """

    HELP: ClassVar[Help] = Help(
        example="x2static report runs/two",
        rare="vocabulary seed",
    )

    run: Annotated[Path, positional("folder of a run")]
    output: Annotated[Path | None, "the page to write (default: RUN/report.html)"] = None
    words: Annotated[
        tuple[str, ...],
        "words of the hub language whose neighbours are shown (default: frequent content words)",
    ] = ()
    num_words: Annotated[int, "how many words are chosen where --words gives none"] = 12
    top: Annotated[int, "neighbours of each word in each language"] = 5
    vocabulary: Annotated[int, "search for neighbours among this many frequent words"] = 30_000
    map_languages: Annotated[
        tuple[str, ...], "languages on the map of words (default: the hub and up to five more)"
    ] = ()
    map_words: Annotated[int, "words on the map, of all its languages together; 0: no map"] = 480
    seed: Annotated[int, "of the map's start"] = 0
    overwrite: Annotated[bool, free("replace a file that no report made")] = False

    def __post_init__(self) -> None:
        require_at_least("--num-words", self.num_words, 0)
        require_at_least("--top", self.top, 1)
        require_at_least("--vocabulary", self.vocabulary, 100)
        require_at_least("--map-words", self.map_words, 0)
        require_at_least("--seed", self.seed, 0)
