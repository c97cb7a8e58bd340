"""Text through the model: states of micro-batches and the loss on what is to be guessed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from continued_pretraining.batch import Frame, MicroBatch, micro_batches, round_up, spread
from continued_pretraining.model import Candidates, MaskedModel, sample_candidates
from continued_pretraining.plan import TextShare

_PLACES = 64  # places are scored in multiples of so many: shapes for which kernels are at hand


@dataclass
class TextReader:
    """Takes a share of text through the model, micro-batch by micro-batch.

    Attributes:
        model: the model.
        frame: control tokens around a sequence.
        budget: padded pieces in a micro-batch.
        block: whose states are aligned; None where none are.
        sampled_pieces: guess among so many random pieces; 0 is all.
    """

    model: MaskedModel
    frame: Frame
    budget: int
    block: int | None = None
    sampled_pieces: int = 0

    def batches(self, share: TextShare) -> Iterator[MicroBatch]:
        """The share as micro-batches."""
        return micro_batches(share.seen, self.frame, self.budget, self.model.device)

    def states(self, batch: MicroBatch) -> tuple[Tensor, Tensor]:
        """Last states, and those of the block that is aligned."""
        return self.model.states(batch, self.block)

    def candidates(self, whole: TextShare, seed: int) -> Candidates | None:
        """The pieces among which a whole update guesses, wherever it does so; None for all."""
        if not self.sampled_pieces:
            return None
        pairs = zip(whole.original, whole.guessed, strict=True)
        labels = torch.from_numpy(np.concatenate([ids[places] for ids, places in pairs]))
        generator = torch.Generator().manual_seed(seed)
        size = self.model.decoder.weight.shape[0]
        found = sample_candidates(labels, size, self.sampled_pieces, generator)
        return None if found is None else found.to(self.model.device)

    def loss_sum(
        self, share: TextShare, batch: MicroBatch, states: Tensor, candidates: Candidates | None
    ) -> Tensor:
        """The summed loss on the pieces of a batch that are to be guessed.

        Args:
            share: where the batch comes from.
            batch: some of its sequences.
            states: (B, T, D) the last states.
            candidates: the pieces to guess among; None scores all.
        """
        places, labels = guessed_places(share, batch)
        on_device = labels.to(states.device, non_blocking=True)
        filling = (0, round_up(len(places), _PLACES) - len(places))
        places = pad(places, filling).to(states.device, non_blocking=True)
        return self.model.loss_sum(states, places, pad(on_device, filling, value=-1), candidates)


def guessed_places(share: TextShare, batch: MicroBatch) -> tuple[Tensor, Tensor]:
    """Places in the flattened batch that are to be guessed, and the pieces that stood there."""
    members = batch.members.tolist()
    hidden = np.concatenate([share.guessed[member] for member in members])
    original = np.concatenate([share.original[member] for member in members])
    places = spread(batch.starts, batch.lengths)[hidden]
    return torch.from_numpy(places), torch.from_numpy(original[hidden])
