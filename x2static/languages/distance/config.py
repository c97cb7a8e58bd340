"""Settings of ``x2static languages distance``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from x2static.core.config import require_at_least
from x2static.core.errors import ConfigError
from x2static.core.setting import Help, free, place
from x2static.languages.known import check_languages

Kind = Literal[
    "syntactic", "geographic", "inventory", "genetic", "phonological", "morphological", "featural",
    "script", "lexical", "pieces", "representation", "spectral",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class DistanceConfig:
    """Measure how far apart languages are, in as many ways as you like, into one table.

    By default the five distances of URIEL, computed here from its features and from Glottolog
    (docs/language-distance.md has the formulas). An empty cell means unknown.
    """

    HELP: ClassVar[Help] = Help(
        example="x2static languages distance --languages de en sw zh --output distances.tsv",
    )

    languages: Annotated[tuple[str, ...], "codes, such as de fr hi"]
    output: Annotated[Path, place("file to write: a line for every two languages")]
    kind: Annotated[tuple[Kind, ...], "distances to compute"] = (
        "syntactic",
        "geographic",
        "inventory",
        "genetic",
        "phonological",
    )
    features: Annotated[
        Literal["uriel+", "uriel", "filled"],
        "typological features: observed ones of URIEL+, of URIEL, or URIEL's with every gap filled "
        "from the nearest languages",
    ] = "uriel+"
    metric: Annotated[Literal["angular", "cosine", "jaccard"], "over shared features"] = "angular"
    combine: Annotated[
        Literal["union", "average"], "sources that disagree: yes if any says yes, or their share"
    ] = "union"
    min_shared: Annotated[int, "a distance over fewer shared features is unknown"] = 10
    word_lists: Annotated[
        str | None,
        place("lexical: pattern of files of `word meaning`, {} for the language: muse/{}-en.txt"),
    ] = None
    model: Annotated[str | None, "pieces: model whose tokenizer cuts --text"] = None
    text: Annotated[tuple[str, ...], place("pieces: FILES of text, as for represent")] = ()
    max_sentences: Annotated[int, "pieces: sentences of a language"] = 2000
    representations: Annotated[
        Path | None, place("representation: folder made by languages represent")
    ] = None
    vectors: Annotated[tuple[str, ...], place("spectral: FILES of static vectors")] = ()
    max_words: Annotated[int, "spectral: most frequent words of a language"] = 5000
    overwrite: Annotated[bool, free("replace the output where it exists")] = False

    def __post_init__(self) -> None:
        check_languages(self.languages, "--languages")
        for name, least in (("min_shared", 1), ("max_sentences", 1), ("max_words", 2)):
            require_at_least(f"--{name.replace('_', '-')}", getattr(self, name), least)
        for kind, flag in (
            ("lexical", "word_lists"),
            ("pieces", "model"),
            ("pieces", "text"),
            ("representation", "representations"),
            ("spectral", "vectors"),
        ):
            name = f"--{flag.replace('_', '-')}"
            if kind in self.kind and not getattr(self, flag):
                raise ConfigError(f"--kind {kind} needs {name}")
            if kind not in self.kind and getattr(self, flag):
                raise ConfigError(f"{name} serves --kind {kind}, which is not asked for")
        if self.word_lists is not None and "{}" not in self.word_lists:
            raise ConfigError(f"--word-lists {self.word_lists}: no {{}} for the language in it")
        if not self.kind:
            raise ConfigError("--kind names no distance")
