"""An objective that learns from a whole update at once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from continued_pretraining.model.reading import TextReader
from continued_pretraining.objectives.dropout import Dropout
from continued_pretraining.objectives.objective import Held, Passage
from continued_pretraining.text.batch import MicroBatch

Files = Mapping[str, Sequence[Path]]


@dataclass(frozen=True)
class Encoded:
    """What a micro-batch gave.

    Attributes:
        last: states of its text, where the rows stand in text.
        states: (S, D) of its rows.
        places: of these among the process's rows.
    """

    last: Tensor | None
    states: Tensor
    places: list[int]


@dataclass(frozen=True)
class UpdateRows:
    """What a whole-update objective compares, and how this process encodes its own part.

    Attributes:
        batches: this process's micro-batches.
        encode: the states of one of them, by its number.
        gradient: of all states of this process, the loss and its gradient.
        remember: takes states that nothing is learned from.
        pieces: that go through the model for the rows alone.
        in_text: whether the batches are those of the first passage.
    """

    batches: Sequence[MicroBatch]
    encode: Callable[[int, MicroBatch], Encoded]
    gradient: Callable[[Tensor], tuple[Tensor, Tensor]]
    remember: Callable[[Tensor], None]
    pieces: int = 0
    in_text: bool = False


class WholeUpdate(ABC):
    """Learns from rows of a whole update at once: none of its parts has a loss of its own.

    The states of all rows are computed first, the loss and its gradient on all of them, then the
    gradient goes back through each micro-batch, so that micro-batches and processes change nothing.

    Attributes:
        name: key of its loss in the curve.
        weight: of its loss.
        scale: what the loss is multiplied by besides, so that weights mean the same.
        block: whose states it needs.
        reads_text: whether its rows stand in the text of the update.
        levels: whether its scale may be set so that its gradient is as long as that of text.
    """

    name: str
    weight: float
    scale: float
    block: int
    reads_text: bool
    levels: bool = True

    @property
    def updates_remembered(self) -> int:
        """How many updates fill its memory before the first."""
        return 0

    @abstractmethod
    def rows(
        self, step: int, passage: Passage | None, reader: TextReader, dropout: Dropout
    ) -> UpdateRows | None:
        """The rows of an update; None where there are too few.

        Args:
            step: number of the update.
            passage: its text as the first objective reads it; None where there is none.
            reader: takes text through the model.
            dropout: seeds what is random in that.
        """

    def forget(self) -> None:  # noqa: B027 - most have no memory
        """Begin without memory."""

    def fit(self) -> None:  # noqa: B027 - most have nothing to fit
        """Fit what depends on the model as it is at the start."""

    @abstractmethod
    def shrink(self, budget: int) -> None:
        """Encode at most so many pieces at once from now on."""

    def parameters(self) -> list[tuple[str, nn.Parameter]]:
        """What it trains beside the model, by name."""
        return []

    def saved(self) -> dict[str, Tensor]:
        """What a checkpoint keeps beside parameters."""
        return {}

    def restore(self, tensors: dict[str, Any]) -> None:  # noqa: B027 - most keep nothing
        """Put back what a checkpoint kept."""

    def figures(self, loss: float, *, is_first: bool) -> dict[str, float]:  # noqa: ARG002
        """What the curve shows of a mean loss; the first process may add to it."""
        return {self.name: loss}

    def note(self, figures: Mapping[str, Any]) -> str:
        """The figures for the progress line."""
        return f"{self.name} {figures[self.name]:.3f}"

    def opening(self) -> list[str]:
        """What there is to say before the first update."""
        return []

    def lacks(self) -> str:
        """Of what too little is held back to choose by its loss; or ""."""
        return ""

    @abstractmethod
    def validate(self) -> Held:
        """Measure what training never sees."""

    def counts(self) -> dict[str, Any]:
        """Sizes for the run record."""
        return {}

    def resolved(self) -> dict[str, Any]:
        """Settings that were left open, as they are."""
        return {}

    def lines(self, text: Files, vectors: Files) -> list[str]:  # noqa: ARG002
        """What there is to say of what it works with."""
        return []
