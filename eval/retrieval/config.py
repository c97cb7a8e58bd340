"""Settings of ``x2static eval retrieval``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from eval.choices import CaseRule
from x2static.core.config import require_at_least
from x2static.core.errors import ConfigError
from x2static.core.formats.faults import OnError
from x2static.core.machine.device import DEVICE, DeviceName
from x2static.core.setting import Help

Search = Literal["nn", "csls", "margin"]


@dataclass(frozen=True, kw_only=True)
class RetrievalConfig:
    """Find each sentence's translation by cosine, in both directions (Tatoeba's protocol).

    Either --model, whose hidden states are averaged, or --vectors of the two languages. With
    --parallel the sentences of every language are looked for in every other one.
    """

    HELP: ClassVar[Help] = Help(
        example=(
            "x2static eval retrieval --source tatoeba.deu --target tatoeba.eng "
            "--model xlm-roberta-base"
        ),
        inputs="source target parallel model vectors languages",
        rare="specials max_pieces case max_vocabulary csls on_error",
    )

    source: Annotated[tuple[Path, ...], "sentences, one per line"] = ()
    target: Annotated[tuple[Path, ...], "their translations, line by line"] = ()
    parallel: Annotated[
        tuple[Path, ...],
        "instead: files of one text in many languages, line by line; all pairs of them are tried",
    ] = ()
    model: Annotated[str | None, "transformer: a folder or a name"] = None
    layer: Annotated[
        int | None,
        "hidden layer that is averaged; -1: the last (default: 7 of 12, as far up in other models; "
        "the last of a sentence encoder)",
    ] = None
    languages: Annotated[
        tuple[str, ...],
        "codes of --source and --target, for a model with a module for each language (X-MOD)",
    ] = ()
    specials: Annotated[bool, "include control tokens in the average (as XTREME does)"] = True
    max_pieces: Annotated[int, "cut longer sentences to this many pieces"] = 512
    vectors: Annotated[tuple[Path, ...], "aligned word vectors of source and target"] = ()
    sif: Annotated[bool, "weight words by rarity, remove the first component (SIF)"] = False
    component: Annotated[
        Literal["sentences", "words"],
        "what SIF's component is of: the sentences of each file, or each language's words, as in "
        "export --languages",
    ] = "sentences"
    case: Annotated[CaseRule, "how words are looked up; see eval similarity"] = "auto"
    max_vocabulary: Annotated[int, "N most frequent words of --vectors (0: all)"] = 200_000
    method: Annotated[
        tuple[Search, ...], "nearest neighbour by cosine, CSLS, or the ratio margin of xsim"
    ] = ("nn",)
    csls: Annotated[int, "neighbours in the hubness term of CSLS"] = 10
    margin: Annotated[int, "neighbours in the mean that the ratio margin divides by"] = 4
    device: Annotated[DeviceName, DEVICE] = "auto"
    batch_pieces: Annotated[int, "pieces in a batch"] = 8192
    on_error: Annotated[OnError, "invalid row in a vector file: stop, or count and skip"] = "raise"

    def __post_init__(self) -> None:
        if self.parallel:
            self._check_parallel()
        elif len(self.source) != len(self.target):
            raise ConfigError(
                f"--source has {len(self.source)} files, --target {len(self.target)}; pair them up"
            )
        if (self.model is None) == (not self.vectors):
            raise ConfigError("give either --model FOLDER or --vectors SOURCE TARGET")
        if len(self.languages) not in (0, 2):
            raise ConfigError(
                f"--languages takes two codes, got {len(self.languages)}: of --source, of --target"
            )
        if self.component == "words" and not self.sif:
            raise ConfigError("--component words is a part of SIF: give --sif, too")
        if self.vectors and (len(self.vectors) != 2 or len(self.source) != 1):
            raise ConfigError("--vectors takes two files, for one --source and one --target")
        if not self.source and not self.parallel:
            raise ConfigError("give --source and --target, or --parallel FILES")
        for flag, least, value in (
            ("--method", 1, len(self.method)),
            ("--csls", 1, self.csls),
            ("--margin", 1, self.margin),
            ("--max-pieces", 3, self.max_pieces),
            ("--max-vocabulary", 0, self.max_vocabulary),
            ("--batch-pieces", 1, self.batch_pieces),
        ):
            require_at_least(flag, value, least)

    def _check_parallel(self) -> None:
        if self.source or self.target:
            raise ConfigError("--parallel tries all pairs of its files; drop --source and --target")
        if len(self.parallel) < 2:
            raise ConfigError(f"--parallel names {self.parallel[0]} alone; give two files or more")
        if self.vectors or self.languages:
            flag = "--vectors" if self.vectors else "--languages"
            raise ConfigError(f"{flag} is for one pair of files; --parallel takes a --model")
        twice = [path for path in self.parallel if self.parallel.count(path) > 1]
        if twice:
            raise ConfigError(f"--parallel: {twice[0]} is given twice")
