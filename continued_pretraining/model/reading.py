"""Text through the model: states of micro-batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor

from continued_pretraining.model.masked_model import MaskedModel
from continued_pretraining.text.batch import Frame, MicroBatch, micro_batches
from continued_pretraining.text.plan import TextShare


@dataclass
class TextReader:
    """Takes a share of text through the model, micro-batch by micro-batch.

    Attributes:
        model: the model.
        frame: control tokens around a sequence.
        budget: padded pieces in a micro-batch.
        block: whose states are aligned; None where none are.
    """

    model: MaskedModel
    frame: Frame
    budget: int
    block: int | None = None

    def batches(self, share: TextShare) -> Iterator[MicroBatch]:
        """The share as micro-batches."""
        model = self.model
        languages = share.languages if len(model.languages) > 1 else None
        return micro_batches(share.seen, self.frame, self.budget, model.device, languages)

    def states(self, batch: MicroBatch) -> tuple[Tensor, Tensor]:
        """Last states, and those of the block that is aligned."""
        return self.model.states(batch, self.block)
