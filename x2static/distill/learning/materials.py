"""What every method works on: the corpus as numbers, the vocabulary, its pieces, the teacher."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from x2static.core.errors import ConfigError, CorpusError
from x2static.core.progress import Progress
from x2static.core.setting import deciding
from x2static.core.storage.files import remove_tree, sha256
from x2static.core.text.corpus import ReadingPosition, iter_sentences
from x2static.distill.config import DistillConfig
from x2static.distill.learning.table import step_name
from x2static.distill.readings.corpus_index import CorpusIndex, build_index, open_index
from x2static.distill.readings.long_sentences import split_long
from x2static.distill.readings.plan import PoolPlanner
from x2static.distill.readings.vocabulary import Vocabulary, choose_min_count, select_vocabulary
from x2static.teacher import PieceTable, Teacher
from x2static.teacher.legibility import Legibility

_POOL_SENTENCES = 4096
_WORDS_AT_ONCE = 1 << 18
_TOKEN_BUDGET = {"cpu": 4096, "cuda": 65_536}


@dataclass(frozen=True)
class Ingredients:
    """The inputs of a method, ready for use.

    Attributes:
        index: the corpus as numbers.
        parts: the same as the teacher reads it: overlong sentences in several.
        vocabulary: the words that get a vector.
        min_count: the least count that was used.
        pieces: pieces of every distinct word of the corpus.
        teacher: the transformer.
    """

    index: CorpusIndex
    parts: CorpusIndex
    vocabulary: Vocabulary
    min_count: int
    pieces: PieceTable
    teacher: Teacher

    @property
    def num_learnable(self) -> int:
        """Tokens that have a vector to be learned."""
        return int(self.vocabulary.counts.sum())

    def planner(
        self, config: DistillConfig, held_out: NDArray[np.bool_] | None = None
    ) -> PoolPlanner:
        """The planner of the corpus; some sentences may be held out."""
        return PoolPlanner(
            self.parts,
            self.vocabulary.rows,
            self.pieces,
            word_room(config, self.teacher),
            _POOL_SENTENCES,
            config.seed,
            held_out,
        )

    def word_planner(self, config: DistillConfig) -> PoolPlanner:
        """A planner whose sentences are the words of the vocabulary, each alone."""
        return lone_planner(config, self.teacher, self.vocabulary.words)

    def token_budget(self, config: DistillConfig) -> int:
        """Padded pieces in one batch of the teacher."""
        return config.token_budget or _TOKEN_BUDGET[self.teacher.device.type]

    def legibility(self) -> Legibility:
        """How much of the corpus the teacher's tokenizer can read."""
        offsets, counts = self.pieces.offsets, self.index.counts
        marks = self.teacher.pieces.marks
        sums = np.zeros(2, dtype=np.int64)
        for first in range(0, len(counts), _WORDS_AT_ONCE):
            chosen = slice(first, min(first + _WORDS_AT_ONCE, len(counts)))
            ids = self.pieces.ids[offsets[chosen.start] : offsets[chosen.stop]]
            weights = np.repeat(counts[chosen], self.pieces.lengths[chosen])
            sums += [weights[found].sum() for found in marks.count(ids)]
        return Legibility(int(self.pieces.lengths @ counts), int(sums[0]), int(sums[1]))


def lone_planner(config: DistillConfig, teacher: Teacher, words: list[str]) -> PoolPlanner:
    """A planner whose sentences are words, each alone."""
    size = len(words)
    numbers = np.arange(size, dtype=np.int32)
    ends = np.arange(1, size + 1, dtype=np.int64)
    index = CorpusIndex(words, np.ones(size, dtype=np.int64), numbers, ends)
    pieces = teacher.pieces.encode(words)
    return PoolPlanner(
        index, numbers, pieces, word_room(config, teacher), _POOL_SENTENCES, config.seed
    )


def word_room(config: DistillConfig, teacher: Teacher) -> int:
    """Pieces that a sentence may have, control tokens not counted.

    Raises:
        ConfigError: the control tokens leave no room.
    """
    specials = len(teacher.pieces.prefix) + len(teacher.pieces.suffix)
    limit = min(config.max_pieces, teacher.max_pieces)
    if limit <= specials:
        raise ConfigError(
            f"--max-pieces {config.max_pieces}: {teacher.name} reads {limit} pieces, of which "
            f"{specials} are control tokens: no word has room"
        )
    return limit - specials


def gather_materials(config: DistillConfig, folder: Path, teacher: Teacher) -> Ingredients:
    """Index the corpus in ``folder`` (or open the index there) and choose the vocabulary."""
    if not (folder / "index").is_dir():
        remove_tree(folder / "index")
        lower = str.lower if config.case == "text" else None
        with Progress("indexing", None, "sentences") as bar:
            build_index(_sentences(config.corpus), folder / "index", lower, bar.advance)
    index = open_index(folder / "index")
    min_count = config.min_count or choose_min_count(len(index.tokens))
    fold = str.lower if config.case == "words" else None
    try:
        vocabulary = select_vocabulary(
            index.words, index.counts, min_count, config.max_vocabulary, fold
        )
    except CorpusError as error:
        raise CorpusError(f"{config.corpus}: {error}") from error
    pieces = teacher.pieces.encode(index.words)
    if not (pieces.lengths[vocabulary.rows >= 0] > 0).any():
        raise CorpusError(f"{config.corpus}: no word of it has a piece in {teacher.name}")
    parts = split_long(index, pieces.lengths, word_room(config, teacher), folder)
    return Ingredients(index, parts, vocabulary, min_count, pieces, teacher)


def _sentences(path: Path) -> Iterator[str]:
    return iter_sentences(path, position=ReadingPosition())


def teacher_fingerprint(name: str, teacher: Teacher) -> str:
    """A hash of what the teacher is: its files in a folder, its commit on the hub."""
    folder = Path(name)
    if not folder.is_dir():
        return f"{name}@{getattr(teacher.model.config, '_commit_hash', None)}"
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix in (".json", ".safetensors", ".bin", ".model", ".txt"):
            digest.update(f"{path.name} {sha256(path)}".encode())
    return digest.hexdigest()


def identity(config: DistillConfig, teacher: Teacher, fingerprint: str) -> dict[str, Any]:
    """Everything that decides the bytes of the result."""
    settings = deciding(DistillConfig, vars(config))
    del settings["preset"]  # a name for settings that stand here themselves
    settings |= {
        "corpus": sha256(config.corpus),
        "teacher": fingerprint,
        "layer": teacher.layer,
        "language": teacher.module,  # the language counts by the module that it chooses
        "precision": teacher.precision,
        "device": teacher.device.type,
    }
    if config.words is not None:
        settings["words"] = sha256(config.words)
    if config.solver == "sampled" and config.method == "x2static":
        settings["step"] = step_name(teacher.device.type)
    plain: dict[str, Any] = json.loads(json.dumps(settings, default=str))
    return plain


def content_key(config: DistillConfig, materials: Ingredients, *, with_own: bool) -> str:
    """A name for the readings of this corpus by this teacher, whatever is learned from them."""
    teacher, vocabulary = materials.teacher, materials.vocabulary
    parts = [
        sha256(config.corpus), teacher_fingerprint(config.teacher, teacher), teacher.layer,
        teacher.lower, teacher.precision, teacher.device.type, materials.token_budget(config),
        config.case, config.max_pieces, with_own,
        hashlib.sha256(vocabulary.rows.tobytes()).hexdigest(),
    ]  # fmt: skip
    if materials.parts is not materials.index:
        parts.append(materials.parts.num_sentences)
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
