"""What a fine-tuned evaluation is to the loop around it: gold data, a head, rows, a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from eval.downstream.batches import Row
from eval.downstream.evaluation_sets import EvaluationSet
from eval.downstream.pretrained import Head, Reader

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class GoldSet:
    """A test set that was read.

    Attributes:
        about: its name, language and files.
        items: questions or sentences.
        counts: how many there are and what was left out.
    """

    about: EvaluationSet
    items: Sequence[Any]
    counts: Mapping[str, int]


@dataclass(frozen=True)
class Report:
    """What a model got on a test set.

    Attributes:
        scores: by metric, between 0 and 1; ``f1`` is among them.
        predictions: what it said, as the text of a file.
        kind: that file's ending.
    """

    scores: dict[str, float]
    predictions: str
    kind: str


class TokenizedTask(Protocol):
    """A task through the eyes of one model's tokenizer."""

    @property
    def rows(self) -> list[Row]:
        """Inputs of the training data."""

    @property
    def dev_rows(self) -> list[Row]:
        """Inputs of the development data."""

    def examine(self, reader: Reader, gold: GoldSet, label: str = "") -> Report:
        """Let the model answer a test set and score it."""

    def examine_dev(self, reader: Reader) -> float:
        """F1 on the development data."""


class FineTunedTask(Protocol):
    """What is fine-tuned on and tested."""

    command: str
    head: Head

    @property
    def tags(self) -> Sequence[str] | None:
        """What the head tells apart; None where it points at places."""

    @property
    def learned(self) -> Mapping[str, int]:
        """How many items are learned from, by language."""

    @property
    def sets(self) -> Sequence[GoldSet]:
        """What is tested."""

    def loss_of(self, output: Any, gold: torch.Tensor) -> torch.Tensor:
        """The sum of the losses of a batch."""

    def weight_of(self, row: Row) -> float:
        """What a row counts in the denominator."""

    def tokenized(
        self, tokenizer: Any, max_pieces: int, budget: int, precision: str
    ) -> TokenizedTask:
        """The task in a tokenizer's pieces."""


def from_each(items: Mapping[str, Sequence[Any]], most: int) -> tuple[list[Any], dict[str, int]]:
    """The first ``most`` items of each language (0: all), and how many these are by language."""
    some = {code: limited(own, most) for code, own in items.items()}
    return [item for own in some.values() for item in own], {c: len(own) for c, own in some.items()}


def limited(items: Sequence[Any], most: int) -> Sequence[Any]:
    """The first ``most`` items; all of them for 0."""
    return items[:most] if most else items
