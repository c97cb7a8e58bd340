"""Settings of ``x2static vocabulary``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from x2static.core.config import require_at_least, require_at_most
from x2static.core.errors import ConfigError
from x2static.core.setting import RESUME, Help, free, place

SMALLEST = 100
_LARGEST_LENGTH = 1_000_000


@dataclass(frozen=True, kw_only=True)
class VocabularyConfig:
    """Make one tokenizer for many languages, with room for each as it needs it (VoCAP).

    FILES are paths, patterns in quotes, or LANGUAGE=PATH; otherwise the language is read off the
    file name (wiki/de.txt.gz is de). `pretrain --from-scratch ... --tokenizer` takes the result.
    """

    HELP: ClassVar[Help] = Help(
        example="x2static vocabulary --text 'wiki/*.txt.gz' --output pieces",
    )

    text: Annotated[tuple[str, ...], place("FILES of text, one sentence or paragraph per line")]
    output: Annotated[Path, place("folder of the tokenizer to write")]
    size: Annotated[int, "pieces in all, control tokens included"] = 32_000
    beta: Annotated[float, "weight of a language: its share of the lines to this power"] = 0.7
    temperature: Annotated[
        float, "language shares: lines to the power 1/temperature (1: by size, larger: flatter)"
    ] = 10 / 7
    largest: Annotated[int, "maximum number of pieces per language"] = 50_000
    lines: Annotated[int, "number of lines of each language to learn from, from the beginning"] = (
        20_000
    )
    coverage: Annotated[
        float, "part of a language's letters that must be pieces; the rarest others may be unknown"
    ] = 0.9995
    lowercase: Annotated[bool, "a tokenizer that reads lower case"] = False
    max_length: Annotated[int, "longest input, written into the tokenizer"] = 512
    compare: Annotated[bool, "train one plain unigram model of the same size beside it"] = True
    resume: Annotated[bool, free(RESUME)] = False
    overwrite: Annotated[bool, free("replace an existing output and discard an unfinished run")] = (
        False
    )

    def __post_init__(self) -> None:
        if not self.text:
            raise ConfigError("--text names no file")
        for name, least in (
            ("size", SMALLEST),
            ("beta", 0),
            ("temperature", 1),
            ("largest", SMALLEST),
            ("lines", 10),
            ("max_length", 8),
        ):
            require_at_least(f"--{name.replace('_', '-')}", getattr(self, name), least)
        require_at_most("--beta", self.beta, 1)
        require_at_most("--max-length", self.max_length, _LARGEST_LENGTH)
        if not 0.5 <= self.coverage <= 1:
            raise ConfigError(f"--coverage must lie between 0.5 and 1, got {self.coverage}")
