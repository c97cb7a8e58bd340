"""``x2static eval tagging``: fine-tune on tagged sentences of one language, tag others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.downstream.batches import IGNORED, Row
from eval.downstream.evaluation import evaluate
from eval.downstream.evaluation_sets import EvaluationSet, find_sets
from eval.downstream.pretrained import Head, Reader
from eval.downstream.task import GoldSet, Report, from_each, limited
from eval.downstream.training_files import check_each_once, shown
from eval.tagging.config import TaggingConfig
from eval.tagging.conll import TaggedSentence, read_tagged
from eval.tagging.entities import EntityCounts, are_entity_tags, count_entities
from eval.tagging.rows import TagRows, find_tags
from x2static.core.errors import DatasetError
from x2static.core.outcome import Outcome
from x2static.teacher import WordPieces

if TYPE_CHECKING:
    import torch


def tagging(config: TaggingConfig) -> Outcome:
    """Run ``x2static eval tagging``."""
    return evaluate(TaggingTask(config), config)


class TaggingTask:
    """Tagged sentences to learn from and to be tested on."""

    command = "eval tagging"
    head: Head = "AutoModelForTokenClassification"

    def __init__(self, config: TaggingConfig) -> None:
        """Read all files; every fault in them shows before any work.

        Raises:
            DatasetError: a file that is missing or of another format, or a tag without training.
        """
        self._config = config
        found = find_sets(config.test, config.languages, merge=True)
        check_each_once(config.training)
        learned = {code: read_tagged(path) for code, path in config.training.items()}
        everything = [sentence for some in learned.values() for sentence in some]
        self.tags = sorted({tag for sentence in everything for tag in sentence.tags})
        self.has_entities = _has_entities(self.tags, config)
        _check_kinds(learned, config)
        self.sentences, self.learned = from_each(learned, config.max_train)
        self.sets = [self._gold_set(about) for about in found]
        self.dev = [] if config.dev is None else self._read(config.dev)

    def loss_of(self, output: Any, gold: torch.Tensor) -> torch.Tensor:
        """Cross-entropy of the tags of first pieces."""
        from torch.nn.functional import cross_entropy

        logits = output.logits.float().flatten(0, 1)
        return cross_entropy(logits, gold.flatten(), ignore_index=IGNORED, reduction="sum")

    def weight_of(self, row: Row) -> float:
        """Each tagged word counts the same."""
        return float((row.gold != IGNORED).sum())

    def tokenized(
        self, tokenizer: Any, max_pieces: int, budget: int, precision: str
    ) -> TokenizedTagging:
        """The sentences in a tokenizer's pieces."""
        return TokenizedTagging(self, tokenizer, max_pieces, budget, precision)

    def _gold_set(self, about: EvaluationSet) -> GoldSet:
        sentences = [sentence for path in about.paths for sentence in self._read(path)]
        some = limited(sentences, self._config.max_test)
        words = sum(len(sentence.words) for sentence in some)
        known = set(self.tags)
        unseen = sum(tag not in known for sentence in some for tag in sentence.tags)
        name = "entities" if self.has_entities else "tags"
        about = EvaluationSet(name, about.language, about.label, about.paths)
        return GoldSet(about, some, {"sentences": len(some), "words": words, "unseen": unseen})

    def _read(self, path: Path) -> list[TaggedSentence]:
        """The sentences of a test file; a tag that training lacks is an error unless counted."""
        sentences = read_tagged(path)
        unseen = sorted({tag for s in sentences for tag in s.tags} - set(self.tags))
        if unseen and self._config.on_unseen == "raise":
            raise DatasetError(
                f"{path}: tags {' '.join(unseen[:8])} are not among those of "
                f"{shown(self._config.training)} ({' '.join(self.tags[:8])} ...); check the files, "
                "or pass --on-unseen count"
            )
        return sentences


class TokenizedTagging:
    """The sentences through the eyes of one tokenizer."""

    def __init__(
        self, task: TaggingTask, tokenizer: Any, max_pieces: int, budget: int, precision: str
    ) -> None:
        """Look at the sentences in this tokenizer's pieces."""
        self._task, self._budget, self._precision = task, budget, precision
        pieces = WordPieces(tokenizer, str(getattr(tokenizer, "name_or_path", "tokenizer")))
        self._maker = TagRows(pieces, int(tokenizer.unk_token_id or 0), max_pieces)
        self._numbers = {tag: number for number, tag in enumerate(task.tags)}
        self._dev = GoldSet(EvaluationSet("dev", None, "dev", ()), task.dev, {})

    @cached_property
    def rows(self) -> list[Row]:
        """Inputs of the training data; a vocabulary that is only tested in never makes them."""
        return self._rows(self._task.sentences)

    @cached_property
    def dev_rows(self) -> list[Row]:
        """Inputs of the development data."""
        return self._rows(self._task.dev)

    def examine(self, reader: Reader, gold: GoldSet, label: str = "") -> Report:
        """Tag the sentences of a set and count."""
        rows = self._maker.cut(gold.items, self._numbers)
        found = find_tags(
            reader,
            gold.items,
            rows,
            self._task.tags,
            budget=self._budget,
            precision=self._precision,
            label=label,
        )
        scores = tag_scores(
            [sentence.tags for sentence in gold.items], found, entities=self._task.has_entities
        )
        return Report(scores, _as_columns(gold.items, found), "tsv")

    def examine_dev(self, reader: Reader) -> float:
        """F1 on the development sentences."""
        return self.examine(reader, self._dev).scores["f1"]

    def _rows(self, sentences: Sequence[TaggedSentence]) -> list[Row]:
        return [row.row for row in self._maker.cut(sentences, self._numbers)]


def tag_scores(
    golds: Sequence[Sequence[str]], found: Sequence[Sequence[str]], *, entities: bool
) -> dict[str, float]:
    """F1 of entities (as seqeval) and, for plain tags, the accuracy over all words before it."""
    counts = EntityCounts(0, 0, 0)
    right = words = 0
    for gold, given in zip(golds, found, strict=True):
        counts += count_entities(gold, given)
        right += sum(a == b for a, b in zip(gold, given, strict=True))
        words += len(gold)
    if entities:
        return {"f1": counts.f1}
    return {"accuracy": right / words, "f1": counts.f1}


def _has_entities(tags: Sequence[str], config: TaggingConfig) -> bool:
    if config.metric == "auto":
        return are_entity_tags(tags)
    if config.metric == "entities" and not are_entity_tags(tags):
        raise DatasetError(
            f"{shown(config.training)}: tags {' '.join(tags[:8])} mark no entities (O, B-PER, "
            "I-PER ...); pass --metric tags"
        )
    return config.metric == "entities"


def _check_kinds(learned: Mapping[str, Sequence[TaggedSentence]], config: TaggingConfig) -> None:
    """Refuse entities in one language beside plain tags in another."""
    kinds = {
        code: are_entity_tags([tag for sentence in some for tag in sentence.tags])
        for code, some in learned.items()
    }
    if len(set(kinds.values())) > 1:
        entities, tags = (next(c for c, kind in kinds.items() if kind is k) for k in (True, False))
        files = config.training
        raise DatasetError(
            f"{files[entities]} has entities (B-PER, I-PER ...), {files[tags]} has none; learn "
            "from files of one kind"
        )


def _as_columns(sentences: Sequence[TaggedSentence], found: Sequence[Sequence[str]]) -> str:
    """Word, gold tag and predicted tag: what conlleval reads."""
    blocks = []
    for sentence, tags in zip(sentences, found, strict=True):
        rows = zip(sentence.words, sentence.tags, tags, strict=True)
        blocks.append("".join("\t".join(row) + "\n" for row in rows))
    return "\n".join(blocks)
