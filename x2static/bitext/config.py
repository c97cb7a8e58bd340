"""Settings of ``x2static bitext count``, ``sample`` and ``check``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from x2static.core.config import require_at_least
from x2static.core.errors import ConfigError
from x2static.core.languages.language import check_code
from x2static.core.setting import Help, positional

_FILES = (
    "keyed texts SOURCE/LANGUAGE.tsv, .gz, .xz or .zst, patterns in quotes; "
    "en-de=FILE,FILE aligned; en-de=FILE with tabs"
)


@dataclass(frozen=True, kw_only=True)
class BitextCountConfig:
    """Count the sentence pairs of every two languages, and how often each sampling draws them.

    FILES hold `key TAB sentence`, sorted by key; languages of one source are joined on the key.
    """

    HELP: ClassVar[Help] = Help(
        example="x2static bitext count 'pairs/*.tsv.xz'",
    )

    files: Annotated[tuple[str, ...], positional(_FILES)]
    temperature: Annotated[float, "flattens what is drawn by size (1: by size)"] = 10 / 7
    hub: Annotated[str, "the language of the sampling that takes pairs with it alone"] = "en"
    top: Annotated[int, "pairs of languages to list, largest first"] = 20

    def __post_init__(self) -> None:
        _check_files(self.files)
        require_at_least("--temperature", self.temperature, 1)
        require_at_least("--top", self.top, 0)


@dataclass(frozen=True, kw_only=True)
class BitextSampleConfig:
    """Print sentence pairs of two languages, drawn at random from all sources."""

    HELP: ClassVar[Help] = Help(
        example="x2static bitext sample 'pairs/*.tsv.xz' --pair de-fr",
    )

    files: Annotated[tuple[str, ...], positional(_FILES)]
    pair: Annotated[str, "the two languages, such as de-fr"]
    number: Annotated[int, "pairs to print"] = 10
    seed: Annotated[int, "of the draw"] = 0

    def __post_init__(self) -> None:
        _check_files(self.files)
        _check_pair(self.pair)
        require_at_least("--number", self.number, 1)
        require_at_least("--seed", self.seed, 0)


@dataclass(frozen=True, kw_only=True)
class BitextCheckConfig:
    """Find suspicious sentence pairs: identical texts, and lengths out of proportion.

    Each language is checked against the hub, source by source.
    """

    HELP: ClassVar[Help] = Help(
        example="x2static bitext check 'pairs/*.tsv.xz' --hub en",
    )

    files: Annotated[tuple[str, ...], positional(_FILES)]
    hub: Annotated[str, "the language that the others are checked against"] = "en"
    factor: Annotated[float, "lengths this many times off their usual ratio are suspicious"] = 2.5
    examples: Annotated[int, "suspicious pairs to print of each source and language"] = 1

    def __post_init__(self) -> None:
        _check_files(self.files)
        require_at_least("--factor", self.factor, 1)
        require_at_least("--examples", self.examples, 0)


def _check_files(files: tuple[str, ...]) -> None:
    if not files:
        raise ConfigError("FILES: name at least one file or pattern")


def _check_pair(pair: str) -> None:
    codes = pair.split("-")
    if len(codes) != 2 or codes[0] == codes[1]:
        raise ConfigError(f"--pair takes two languages, such as de-fr; got '{pair}'")
    for code in codes:
        check_code(code, "--pair")
