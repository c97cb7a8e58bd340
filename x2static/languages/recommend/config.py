"""Settings of ``x2static languages recommend``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from x2static.core.config import require_at_least
from x2static.core.errors import ConfigError
from x2static.core.setting import Help, place
from x2static.languages.known import check_languages


@dataclass(frozen=True, kw_only=True)
class RecommendConfig:
    """Rank source languages to fine-tune on for a target language.

    With --scores, a ridge regression over the distances is learned from what transferred well
    before, and its error on languages left out is printed beside those of two rules of thumb.
    Without, the mean of the distances ranks, and nothing is known of its error.
    """

    HELP: ClassVar[Help] = Help(
        example="x2static languages recommend --target sw --scores nli.json",
    )

    target: Annotated[str, "target language"]
    sources: Annotated[
        tuple[str, ...],
        "candidate source languages (default: those of --scores, or 15 with common training data)",
    ] = ()
    scores: Annotated[
        tuple[Path, ...], place("what transferred how well: JSON of evaluations, or a table")
    ] = ()
    score: Annotated[str | None, "which of several scores, such as xnli.accuracy"] = None
    distances: Annotated[
        tuple[Path, ...],
        place("files of distances (default: URIEL's five, computed here)"),
    ] = ()
    top: Annotated[int, "languages to list"] = 5
    ridge: Annotated[float, "regularisation, in rows of data"] = 10.0

    def __post_init__(self) -> None:
        check_languages((self.target,), "--target", least=1)
        check_languages(self.sources, "--sources", least=0)
        require_at_least("--top", self.top, 1)
        if not self.ridge > 0:
            raise ConfigError(f"--ridge must be above 0, got {self.ridge}")
        if self.sources == (self.target,):
            raise ConfigError("--sources: the target alone; name languages to transfer from")
        if self.score is not None and not self.scores:
            raise ConfigError("--score names one of --scores, of which there are none")
