"""Settings of ``x2static eval bli``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from eval.choices import IndexKind, SearchMethod
from x2static.core.config import require_at_least
from x2static.core.errors import ConfigError
from x2static.core.formats.faults import OnError
from x2static.core.machine.device import DEVICE, DeviceName
from x2static.core.setting import Help, free, place


@dataclass(frozen=True, kw_only=True)
class BliConfig:
    """Score aligned vectors on bilingual dictionaries: precision at k, MRR, coverage.

    Several pairs: as many --source and --lexicon, and one --target or as many.
    """

    HELP: ClassVar[Help] = Help(
        example=(
            "x2static eval bli --source mapped/de --target mapped/en --lexicon de-en.5000-6500.txt"
        ),
        rare="by_word exact_mrr induce_cutoff on_error",
    )

    source: Annotated[tuple[Path, ...], "aligned vectors of the language of the queries"]
    target: Annotated[tuple[Path, ...], "aligned vectors of the language of the answers"]
    lexicon: Annotated[tuple[Path, ...], "dictionary, source word first: MUSE, XLING, PanLex TSV"]
    method: Annotated[tuple[SearchMethod, ...], "nearest neighbour by cosine, or CSLS"] = ("csls",)
    k: Annotated[tuple[int, ...], "precision at these ranks"] = (1, 5, 10)
    index: Annotated[
        IndexKind, "flat: FAISS, exact; ivf, hnsw: FAISS, approximate; exact: reference search"
    ] = "flat"
    max_vocabulary: Annotated[int, "N most frequent words of each language (0: all)"] = 200_000
    csls: Annotated[int, "neighbours in the hubness term of CSLS"] = 10
    case: Annotated[
        Literal["lower", "exact"], "lower-case vectors and dictionary (MUSE), or not"
    ] = "lower"
    both_directions: Annotated[bool, "score the inverted dictionary too"] = False
    exact_mrr: Annotated[
        bool, "compute every rank exactly, even the deep CSLS ranks that hardly affect MRR (slow)"
    ] = False
    compose: Annotated[bool, "compose vectors for dictionary words without one, on both sides"] = (
        False
    )
    errors: Annotated[
        Path | None,
        place("write every query with gold answers, answer, ranks and frequencies, errors first"),
    ] = None
    by_word: Annotated[bool, "put the same into the JSON, for report and compare"] = False
    induce: Annotated[Path | None, place("write the dictionary that the vectors imply")] = None
    induce_cutoff: Annotated[int, "most frequent words of each side to induce from"] = 20_000
    device: Annotated[DeviceName, DEVICE] = "auto"
    on_error: Annotated[OnError, "invalid row in a vector file: stop, or count and skip"] = "raise"
    overwrite: Annotated[bool, free("replace an existing --induce file")] = False

    def __post_init__(self) -> None:
        pairs = len(self.lexicon)
        for flag, given in (("--source", self.source), ("--target", self.target)):
            if len(given) not in (1, pairs):
                raise ConfigError(
                    f"{flag}: {len(given)} files for {pairs} --lexicon; give one, or one for each"
                )
        for flag, least, value in (
            ("--max-vocabulary", 0, self.max_vocabulary),
            ("--csls", 1, self.csls),
            ("--induce-cutoff", 1, self.induce_cutoff),
            ("--k", 1, min(self.k, default=0)),
            ("--lexicon", 1, pairs),
            ("--method", 1, len(self.method)),
        ):
            require_at_least(flag, value, least)
        if self.induce is not None and pairs > 1:
            raise ConfigError("--induce writes one dictionary; give one --lexicon")
        if self.errors is not None and pairs > 1:
            raise ConfigError("--errors writes one table; give one --lexicon")
        if self.device == "cuda" and self.index != "flat":
            raise ConfigError(f"--device cuda searches exactly; it cannot use --index {self.index}")

    @property
    def pairs(self) -> list[tuple[Path, Path, Path]]:
        """Source, target and dictionary of each evaluation."""
        count = len(self.lexicon)
        sources = self.source * (count if len(self.source) == 1 else 1)
        targets = self.target * (count if len(self.target) == 1 else 1)
        return list(zip(sources, targets, self.lexicon, strict=True))
