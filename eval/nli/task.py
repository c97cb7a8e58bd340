"""Pairs of sentences as a task: a head over the first token tells what holds between them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from eval.downstream.batches import Row, collate
from eval.downstream.evaluation_sets import EvaluationSet, find_sets
from eval.downstream.memory import in_batches
from eval.downstream.pretrained import Head, Reader
from eval.downstream.task import GoldSet, Report, from_each, limited
from eval.downstream.training_files import check_each_once, shown
from eval.nli.config import NliConfig
from eval.nli.pairs import SentencePair, labels_in, read_labels, read_pairs, same_labels
from x2static.core.errors import DatasetError
from x2static.teacher.precision import autocast, dtype_of

if TYPE_CHECKING:
    import torch

_FRAME = 4  # control tokens around two sentences, at most


class NliTask:
    """Pairs to learn from and to be tested on."""

    command = "eval nli"
    head: Head = "AutoModelForSequenceClassification"

    def __init__(self, config: NliConfig) -> None:
        """Read all files; every fault in them shows before any work.

        Raises:
            DatasetError: a file that is missing or of another format, or a label without training.
        """
        self._config = config
        self._labels = None if config.labels is None else read_labels(config.labels)
        found = find_sets(config.test, config.languages)
        check_each_once(config.training)
        learned = {code: read_pairs(path) for code, path in config.training.items()}
        labels = {path: labels_in(learned[code], path) for code, path in config.training.items()}
        self.tags = same_labels(labels)
        self.pairs, self.learned = from_each(learned, config.max_train)
        self.sets = [self._gold_set(about) for about in found]
        self.dev = [] if config.dev is None else self._read(config.dev)

    def loss_of(self, output: Any, gold: torch.Tensor) -> torch.Tensor:
        """Cross-entropy of the labels."""
        from torch.nn.functional import cross_entropy

        return cross_entropy(output.logits.float(), gold[:, 0], reduction="sum")

    def weight_of(self, row: Row) -> float:
        """Each pair counts the same."""
        return float(len(row.gold))

    def tokenized(
        self, tokenizer: Any, max_pieces: int, budget: int, precision: str
    ) -> TokenizedNli:
        """The pairs in a tokenizer's pieces."""
        return TokenizedNli(self, tokenizer, max_pieces, budget, precision)

    def _gold_set(self, about: EvaluationSet) -> GoldSet:
        pairs = [pair for path in about.paths for pair in self._read(path)]
        some = limited(pairs, self._config.max_test)
        return GoldSet(about, some, {"pairs": len(some)})

    def _read(self, path: Path) -> list[SentencePair]:
        pairs = read_pairs(path, self._labels)
        unseen = sorted({pair.label for pair in pairs} - set(self.tags))
        if unseen:
            raise DatasetError(
                f"{path}: labels {' '.join(unseen[:4])} are not among those of "
                f"{shown(self._config.training)} ({' '.join(self.tags)})"
            )
        return pairs


class TokenizedNli:
    """The pairs through the eyes of one tokenizer."""

    def __init__(
        self, task: NliTask, tokenizer: Any, max_pieces: int, budget: int, precision: str
    ) -> None:
        """Cut the training data into inputs; of a long pair the longer sentence is cut."""
        self._task, self._tokenizer = task, tokenizer
        self._limit = max(max_pieces, _FRAME + 2)
        self._budget, self._precision = budget, precision
        self._numbers = {label: number for number, label in enumerate(task.tags)}
        self._dev = GoldSet(EvaluationSet("dev", None, "dev", ()), task.dev, {})
        self.rows = self._rows(task.pairs)
        self.dev_rows = self._rows(task.dev)

    def examine(self, reader: Reader, gold: GoldSet, label: str = "") -> Report:
        """Label the pairs of a set and count."""
        rows = self._rows(gold.items)
        lengths = [len(row.ids) for row in rows]
        found = in_batches(lambda part: self._ask(reader, part), rows, lengths, self._budget, label)
        said = [self._task.tags[number] for number in found]
        right = sum(a == pair.label for a, pair in zip(said, gold.items, strict=True))
        lines = [f"{pair.label}\t{a}\n" for a, pair in zip(said, gold.items, strict=True)]
        return Report({"accuracy": right / len(said)}, "".join(lines), "tsv")

    def examine_dev(self, reader: Reader) -> float:
        """Accuracy on the development pairs."""
        return self.examine(reader, self._dev).scores["accuracy"]

    def _ask(self, reader: Reader, rows: Sequence[Row]) -> list[int]:
        import torch

        batch = collate(rows, reader)
        with torch.inference_mode(), autocast(reader.device, dtype_of(self._precision)):
            best: list[int] = reader.model(**batch.inputs).logits.argmax(dim=1).cpu().tolist()
        return best

    def _rows(self, pairs: Sequence[SentencePair]) -> list[Row]:
        if not pairs:
            return []
        coded = self._tokenizer(
            [pair.first for pair in pairs],
            [pair.second for pair in pairs],
            truncation=True,
            max_length=self._limit,
            return_token_type_ids=True,
            return_attention_mask=False,
            split_special_tokens=True,
        )
        return [
            Row(
                np.array(ids, dtype=np.int32),
                np.array(types, dtype=np.int32),
                np.array([self._numbers[pair.label]], dtype=np.int64),
            )
            for ids, types, pair in zip(
                coded["input_ids"], coded["token_type_ids"], pairs, strict=True
            )
        ]
