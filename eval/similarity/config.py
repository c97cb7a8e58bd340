"""Settings of ``x2static eval similarity``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from eval.choices import CaseRule, PhraseRule
from x2static.core.config import require_at_least
from x2static.core.errors import ConfigError
from x2static.core.formats.faults import OnError
from x2static.core.setting import Help


@dataclass(frozen=True, kw_only=True)
class SimilarityConfig:
    """Correlate cosines of word vectors with what people said of the pairs."""

    HELP: ClassVar[Help] = Help(
        example="x2static eval similarity --vectors vectors/de --dataset de.test.txt",
    )

    vectors: Annotated[Path, "vectors of the (first) language"]
    dataset: Annotated[tuple[Path, ...], "test sets: two words and a score a line, TSV or CSV"]
    target: Annotated[Path | None, "vectors of the second words' language (cross-lingual)"] = None
    target_dataset: Annotated[
        tuple[Path, ...], "the same sets in the target language, combined into cross-lingual ones"
    ] = ()
    case: Annotated[
        CaseRule, "auto: as written, lower, Capitalised, UPPER; exact; lower: all lower-cased"
    ] = "auto"
    phrases: Annotated[
        PhraseRule, "items of several words unknown as a whole: mean of their words, or skip"
    ] = "mean"
    back_off: Annotated[
        float | None,
        "cosine given to unknown pairs in the full-set score (default: mean of the known pairs)",
    ] = None
    max_vocabulary: Annotated[int, "use the N most frequent words (0: all)"] = 0
    on_error: Annotated[OnError, "invalid row in a vector file: stop, or count and skip"] = "raise"

    def __post_init__(self) -> None:
        require_at_least("--max-vocabulary", self.max_vocabulary, 0)
        if not self.dataset:
            raise ConfigError("--dataset needs at least one file")
        if self.target_dataset and self.target is None:
            raise ConfigError("--target-dataset needs --target, the vectors of its language")
        if self.target_dataset and len(self.target_dataset) != len(self.dataset):
            raise ConfigError(
                f"--dataset has {len(self.dataset)} files, --target-dataset "
                f"{len(self.target_dataset)}; pair them up"
            )
