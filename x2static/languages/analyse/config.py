"""Settings of ``x2static languages analyse``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from x2static.core.config import require_at_least
from x2static.core.errors import ConfigError
from x2static.core.setting import Help, free, place


@dataclass(frozen=True, kw_only=True)
class AnalyseConfig:
    """Correlate distances between languages with each other and with scores of transfer.

    Pearson and Spearman, intervals from resampled languages, Mantel and partial Mantel tests beside
    the p value that takes pairs for independent, and Holm's correction for many tests.
    """

    HELP: ClassVar[Help] = Help(
        example=(
            "x2static languages analyse --distances distances.tsv "
            "--scores nli.json --output analysis"
        ),
    )

    distances: Annotated[tuple[Path, ...], place("files of distances, ours or tables of your own")]
    output: Annotated[Path, place("folder to write: analysis.json and a page")]
    scores: Annotated[
        tuple[Path, ...],
        place("scores of transfer: JSON of eval nli, tagging, qa or impact, or a table"),
    ] = ()
    kinds: Annotated[tuple[str, ...], "distances to look at (default: all)"] = ()
    control: Annotated[
        str | None, "distance to control for in partial Mantel tests of every other pair"
    ] = None
    draws: Annotated[int, "resamples of languages behind an interval"] = 2000
    permutations: Annotated[int, "of each Mantel test"] = 9999
    seed: Annotated[int, "of every random draw"] = 0
    overwrite: Annotated[bool, free("replace the output where it exists")] = False

    def __post_init__(self) -> None:
        for name, least in (("draws", 100), ("permutations", 1), ("seed", 0)):
            require_at_least(f"--{name}", getattr(self, name), least)
        if not self.distances:
            raise ConfigError("--distances names no file")
