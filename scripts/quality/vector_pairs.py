"""Small real pairs of vectors, made where they are not there, and what aligning them needs.

Tables with hundreds of cells stand on these: released vectors (Zhang et al. 2017, 50 wide); those
that the demo's teacher gives on the demo's text; fastText by the settings of
`scripts.quality.align`, but from less text. Dictionaries are MUSE's.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from align.config import AlignConfig
from align.methods.table import learn_maps
from align.problem import Problem, Resources
from align.search.folds import pairs_where
from align.search.held_out import HeldOut
from align.seeds import lexicon_rows
from align.vecmap.alignment import Alignment
from align.vecmap.pairs import PairRows
from scripts.quality.align import TRAINING
from scripts.runner import ROOT, x2static
from scripts.sgns import num_tokens, train_skip_gram
from scripts.workspace import Workspace
from x2static.core.config import configured
from x2static.core.text.lexicon import Lexicon, read_lexicon
from x2static.core.vector_file import read_vectors

DEMO = ROOT / "scripts" / "demo_data"
SENTENCES, TOKENS = 60_000, 10_000_000
NAMES = (
    "released/zh-en",
    "released/es-en",
    "distilled/de-en",
    "distilled/es-en",
    "fastText/es-en",
)
ABOUT = (
    "released: Zhang et al. 2017, 50 wide; distilled: the demo's teacher on the demo's text, words "
    f"seen at least 5 times, 256 wide; fastText: the first {SENTENCES:,} sentences of a language, "
    f"{TOKENS:,} words read, {TRAINING['vector_size']} wide"
)


@dataclass(frozen=True)
class Pair:
    """Two languages and their dictionaries.

    Attributes:
        name: in the table.
        source: vectors.
        target: vectors.
        codes: such as de-en, which names the dictionaries.
    """

    name: str
    source: Path
    target: Path
    codes: str


def named(bench: Workspace, name: str) -> Pair:
    """One of `NAMES`, its vectors made if they are not there."""
    kind, _, codes = name.partition("/")
    if kind == "released":
        folder = bench.data / "vectors-zhang2017" / codes
        return Pair(name, folder / f"word2vec.{codes[:2]}", folder / "word2vec.en", codes)
    make = _distilled if kind == "distilled" else _trained
    source, target = (make(bench, code) for code in codes.split("-"))
    return Pair(name, source, target, codes)


def _distilled(bench: Workspace, code: str) -> Path:
    text, output = bench.work / f"demo-{code}.txt", bench.work / f"distilled-{code}"
    if not output.exists():
        if not text.exists():
            x2static("prepare", "--language", code, "--input", DEMO / f"{code}.txt.gz",
                     "--output", text, "--tokenizer", "icu", "--min-sentences", 1, "--lowercase",
                     "--workers", 1)  # fmt: skip
        x2static("distill", "--corpus", text, "--teacher", DEMO / "teacher", "--min-count", 5,
                 "--output", output, "--resume")  # fmt: skip
    return output


def _trained(bench: Workspace, code: str) -> Path:
    text, output = bench.work / f"mono-{code}.txt", bench.work / f"fasttext-{code}"
    if not output.exists():
        if not text.exists():
            x2static("prepare", "--language", code, "--input", bench.raw(code), "--output", text,
                     "--tokenizer", "icu", "--rules", "all", "--lowercase", "--workers", 1,
                     "--max-sentences", SENTENCES)  # fmt: skip
        epochs = max(1, round(TOKENS / num_tokens(text)))
        train_skip_gram(text, output, epochs, TRAINING, subwords=True)
    return output


class World:
    """Both languages of a pair, what teaches and what tests.

    Attributes:
        source: vectors.
        target: vectors.
        taught: pairs of the training dictionary that both have.
        words: rows of its source words, the most frequent first.
        tested: the same of the test dictionary, without source words that anything teaches.
        asked: source words of the test dictionary, those without a vector, too.
    """

    def __init__(self, pair: Pair, data: Path, known: Collection[str] = ()) -> None:
        """Read it all.

        Args:
            pair: which.
            data: folder with muse/.
            known: source words that another dictionary teaches: they are no test, either.
        """
        self.source, self.target = read_vectors(pair.source), read_vectors(pair.target)
        train, test = (
            read_lexicon(data / "muse" / part / f"{pair.codes}.{span}.txt")
            for part, span in (("train", "0-5000"), ("test", "5000-6500"))
        )
        self.taught = self.rows_of(train)
        seen = {*train.translations, *known}
        unseen = Lexicon.of((a, b) for a, b in test if a not in seen)
        self.tested, self.asked = self.rows_of(unseen), len(unseen.translations)
        self.words = np.unique(self.taught.source)

    def rows_of(self, lexicon: Lexicon) -> PairRows:
        """The pairs of a dictionary that both vocabularies have."""
        return lexicon_rows(lexicon, self.source, self.target, "dictionary")

    def drawn(self, count: int, seed: int) -> PairRows:
        """All pairs of some words of the training dictionary."""
        rng = np.random.default_rng([20_261_129, count, seed])
        words = rng.choice(self.words, min(count, len(self.words)), replace=False)
        return pairs_where(self.taught, np.isin(self.taught.source, words))

    def alike(self) -> PairRows | None:
        """Words spelled alike."""
        same = [word for word in self.source.words if word in self.target.index]
        rows = PairRows(self.source.rows_of(same), self.target.rows_of(same))
        return rows if same else None

    def unlike(self) -> PairRows:
        """Test pairs of source words that no translation is spelled like."""
        same = [
            row
            for row, other in zip(*self.tested, strict=True)
            if self.source.words[row] == self.target.words[other]
        ]
        return pairs_where(self.tested, ~np.isin(self.tested.source, same))

    def held(self, tested: PairRows) -> HeldOut:
        """Test pairs, to be found among all words."""
        sizes = (len(self.source), len(self.target))
        return HeldOut(self.source.matrix, self.target.matrix, tested, sizes)

    def learned(
        self, settings: Mapping[str, Any], pairs: PairRows | None, *, guessed: bool, seed: int
    ) -> tuple[Alignment, float]:
        """An alignment, and the seconds of the processor that it took.

        Args:
            settings: of ``align``.
            pairs: to start from.
            guessed: they are words spelled alike, or none, and no dictionary.
            seed: of self-learning.
        """
        nowhere = Path("none")
        given = {} if guessed else {"lexicon": nowhere}
        config = configured(
            AlignConfig,
            source=nowhere,
            target=nowhere,
            output_source=Path("a"),
            output_target=Path("b"),
            **given,
            **settings,
        )
        problem = Problem(
            self.source.matrix,
            self.target.matrix,
            config.settings(),
            pairs,
            rounds=config.rounds,
            accept_failure=config.accept_failure,
            guessed=guessed,
        )
        began = time.process_time()
        found = learn_maps(config.method, replace(problem, seed=seed), Resources(threads=1))
        return found, time.process_time() - began
