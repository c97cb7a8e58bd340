"""An objective that learns from text, and the text of an update as objectives read it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from continued_pretraining.model.reading import TextReader
from continued_pretraining.objectives.pair_tally import PairTally
from continued_pretraining.text.batch import MicroBatch
from continued_pretraining.text.plan import Corruption, TextShare


class Objective(ABC):
    """Learns from the text of an update, micro-batch by micro-batch.

    Its loss is the sum over the update divided by the count over the update, whatever the
    micro-batches and processes.

    Attributes:
        name: key of its loss in the curve, and of its parameters in checkpoints.
        label: what a person calls it.
        weight: of its loss.
        corruption: what it does to the text first; None where it reads what another objective
            reads, in the same forward pass.
        reads: what it learns from: ``text``, or ``pairs`` of sentences.
        reads_with: whose forward pass it shares where it has no corruption; None is the first
            objective.
        batch: sequences of an update; 0 is as many as planned for all, and then the same ones.
        head: what it trains beside the model; saved in checkpoints and moved by the optimizer.
        operations: of a forward pass, for each thing that it counts.
        tally: takes what is lost on each pair of languages, where that is asked for.
    """

    name: str
    label: str
    weight: float = 1.0
    corruption: Corruption | None = None
    reads: str = "text"
    reads_with: Objective | None = None
    batch: int = 0
    head: nn.Module | None = None
    operations: float = 0.0
    tally: PairTally | None = None

    def prepare(self, whole: TextShare, seed: int) -> Any:  # noqa: ARG002 - others need both
        """What is drawn once for a whole update, to be passed to `read` and `loss_sum`."""
        return None

    def prepare_held_back(self, whole: TextShare) -> Any:  # noqa: ARG002
        """What stands for `prepare` in validation."""
        return None

    def read(
        self,
        share: TextShare,  # noqa: ARG002 - others need all
        batch: MicroBatch,
        reader: TextReader,
        prepared: Any,  # noqa: ARG002
    ) -> tuple[MicroBatch, Tensor]:
        """The batch as it was read, and its (B, T, D) last states, for all that share the pass."""
        return batch, reader.states(batch)[0]

    @abstractmethod
    def count(self, share: TextShare) -> int:
        """How many things the summed loss of a share is made of."""

    @abstractmethod
    def loss_sum(
        self, share: TextShare, batch: MicroBatch, states: Tensor, prepared: Any
    ) -> Tensor:
        """The summed loss of a micro-batch.

        Args:
            share: where the batch comes from.
            batch: some of its sequences.
            states: (B, T, D) their last states.
            prepared: what `prepare` drew.
        """

    def note_losses(self, share: TextShare, rows: NDArray[np.int64], losses: Tensor) -> None:
        """Let the tally know what single pieces cost in training.

        Args:
            share: where they come from.
            rows: (M,) number of the sequence that each stands in.
            losses: (M,) what each cost; what follows is filling.
        """
        if self.tally is not None and torch.is_grad_enabled():
            self.tally.add(self.name, share.languages[rows], losses[: len(rows)])

    def finish(self) -> None:  # noqa: B027 - most have nothing apart
        """Put what it trained apart into the model, before that is saved."""

    def save(self, folder: Path) -> None:
        """Write what it trained into the output: its head, as ``NAME.safetensors``."""
        if self.head is not None:
            from safetensors.torch import save_file

            tensors = {n: t.detach().cpu().contiguous() for n, t in self.head.state_dict().items()}
            save_file(tensors, folder / f"{self.name}.safetensors")


@dataclass(frozen=True)
class Held:
    """What an objective measures on what training never sees.

    Attributes:
        figures: for the curve.
        line: for a person.
    """

    figures: dict[str, Any] = field(default_factory=dict)
    line: str = ""


@dataclass(frozen=True)
class Passage:
    """The text of an update, and the objectives that read it in one forward pass.

    Attributes:
        objectives: those that read it.
        whole: the text of the update.
        share: this process's part.
        prepared: what each objective drew for the update.
    """

    objectives: Sequence[Objective]
    whole: TextShare
    share: TextShare
    prepared: Sequence[Any]

    def read(self, batch: MicroBatch, reader: TextReader) -> tuple[MicroBatch, Tensor]:
        """A micro-batch of the share as it was read, and its last states."""
        return self.objectives[0].read(self.share, batch, reader, self.prepared[0])

    def loss(self, batch: MicroBatch, states: Tensor, sums: dict[str, Tensor]) -> Tensor:
        """The weighted loss of a micro-batch, over the counts of the update.

        Args:
            batch: some of the share.
            states: (B, T, D) its last states.
            sums: takes the summed loss of each objective.
        """
        total: Tensor | None = None
        for objective, prepared in zip(self.objectives, self.prepared, strict=True):
            found = objective.loss_sum(self.share, batch, states, prepared)
            sums[objective.name] = sums[objective.name] + found.detach()
            part = objective.weight * found / max(1, objective.count(self.whole))
            total = part if total is None else total + part
        if total is None:
            raise ValueError("no objective reads this text")
        return total
