"""Settings of the evaluation commands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from x2static.core.config import require_at_least
from x2static.core.errors import ConfigError
from x2static.core.setting import free, place

Method = Literal["nn", "csls"]
IndexKind = Literal["flat", "ivf", "hnsw", "exact"]
CaseRule = Literal["auto", "exact", "lower"]
PhraseRule = Literal["mean", "skip"]
OnError = Literal["raise", "skip"]


@dataclass(frozen=True, kw_only=True)
class BliConfig:
    """Score aligned vectors on bilingual dictionaries: precision at k, MRR, coverage.

    Several pairs: as many --source and --lexicon, and one --target or as many.
    """

    source: Annotated[tuple[Path, ...], "aligned vectors of the language of the queries"]
    target: Annotated[tuple[Path, ...], "aligned vectors of the language of the answers"]
    lexicon: Annotated[tuple[Path, ...], "dictionary, source word first: MUSE, XLING, PanLex TSV"]
    method: Annotated[tuple[Method, ...], "nearest neighbour by cosine, or CSLS"] = ("csls",)
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
        bool, "count every rank exactly, also the deep ones of CSLS that MRR hardly sees (slow)"
    ] = False
    induce: Annotated[Path | None, place("write the dictionary that the vectors imply")] = None
    induce_cutoff: Annotated[int, "most frequent words of each side to induce from"] = 20_000
    device: Annotated[Literal["cpu", "cuda"], "where the exact search runs"] = "cpu"
    on_error: Annotated[OnError, "a bad row in a vector file: stop, or count and skip"] = "raise"
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
        if self.device == "cuda" and self.index != "flat":
            raise ConfigError(f"--device cuda searches exactly; it cannot use --index {self.index}")

    @property
    def pairs(self) -> list[tuple[Path, Path, Path]]:
        """Source, target and dictionary of each evaluation."""
        count = len(self.lexicon)
        sources = self.source * (count if len(self.source) == 1 else 1)
        targets = self.target * (count if len(self.target) == 1 else 1)
        return list(zip(sources, targets, self.lexicon, strict=True))


@dataclass(frozen=True, kw_only=True)
class SimilarityConfig:
    """Correlate cosines of word vectors with what people said of the pairs."""

    vectors: Annotated[Path, "vectors of the (first) language"]
    dataset: Annotated[tuple[Path, ...], "test sets: two words and a score a line, TSV or CSV"]
    target: Annotated[Path | None, "vectors of the second words' language (cross-lingual)"] = None
    target_dataset: Annotated[
        tuple[Path, ...], "the same sets in the target language: make cross-lingual ones of both"
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
    on_error: Annotated[OnError, "a bad row in a vector file: stop, or count and skip"] = "raise"

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


@dataclass(frozen=True, kw_only=True)
class RetrievalConfig:
    """Find each sentence's translation by cosine, in both directions (Tatoeba's protocol).

    Either --model, whose hidden states are averaged, or --vectors of the two languages.
    """

    source: Annotated[tuple[Path, ...], "sentences, one a line"]
    target: Annotated[tuple[Path, ...], "their translations, line by line"]
    model: Annotated[str | None, "transformer: a folder or a name"] = None
    layer: Annotated[int, "hidden layer that is averaged; -1: the last"] = 7
    languages: Annotated[
        tuple[str, ...],
        "codes of --source and --target, for a model with a module for each language (X-MOD)",
    ] = ()
    specials: Annotated[bool, "let control tokens count in the average (XTREME does)"] = True
    max_pieces: Annotated[int, "cut longer sentences to this many pieces"] = 512
    vectors: Annotated[tuple[Path, ...], "aligned word vectors of source and target"] = ()
    sif: Annotated[bool, "weigh words by rarity, take off the first component (SIF)"] = False
    case: Annotated[CaseRule, "how words are looked up; see eval similarity"] = "auto"
    max_vocabulary: Annotated[int, "N most frequent words of --vectors (0: all)"] = 200_000
    method: Annotated[tuple[Method, ...], "nearest neighbour by cosine, or CSLS"] = ("nn",)
    csls: Annotated[int, "neighbours in the hubness term of CSLS"] = 10
    device: Annotated[Literal["auto", "cpu", "cuda"], "where the transformer runs"] = "auto"
    batch_pieces: Annotated[int, "pieces in a batch"] = 8192
    on_error: Annotated[OnError, "a bad row in a vector file: stop, or count and skip"] = "raise"

    def __post_init__(self) -> None:
        if len(self.source) != len(self.target):
            raise ConfigError(
                f"--source has {len(self.source)} files, --target {len(self.target)}; pair them up"
            )
        if (self.model is None) == (not self.vectors):
            raise ConfigError("give either --model FOLDER or --vectors SOURCE TARGET")
        if len(self.languages) not in (0, 2):
            raise ConfigError(
                f"--languages takes two codes, got {len(self.languages)}: of --source, of --target"
            )
        if self.vectors and (len(self.vectors) != 2 or len(self.source) != 1):
            raise ConfigError("--vectors takes two files, for one --source and one --target")
        for flag, least, value in (
            ("--source", 1, len(self.source)),
            ("--method", 1, len(self.method)),
            ("--csls", 1, self.csls),
            ("--max-pieces", 3, self.max_pieces),
            ("--max-vocabulary", 0, self.max_vocabulary),
            ("--batch-pieces", 1, self.batch_pieces),
        ):
            require_at_least(flag, value, least)
