"""Masked language modelling: pieces of text are hidden, and the model guesses what stood there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import pad

from continued_pretraining.model.masked_model import MaskedModel
from continued_pretraining.objectives.candidates import Candidates, sample_candidates
from continued_pretraining.objectives.cross_entropy import RowLosses, scored
from continued_pretraining.objectives.masking import MaskRule
from continued_pretraining.objectives.objective import Objective
from continued_pretraining.objectives.parts import Parts
from continued_pretraining.text.batch import MicroBatch, round_up
from continued_pretraining.text.plan import TextShare
from x2static.teacher.batches import spread

_PLACES = 64  # places are scored in multiples of so many: shapes for which kernels are at hand


def masked_lm(parts: Parts) -> MaskedLM | None:
    """Masked language modelling on text, unless its weight is 0."""
    config = parts.config
    if not config.mlm_weight:
        return None
    return MaskedLM(parts.model, _rule(parts), config.sampled_pieces, weight=config.mlm_weight)


def translation_lm(parts: Parts) -> MaskedLM | None:
    """The same on sentence pairs: what is hidden here may stand there in the other language."""
    config = parts.config
    if parts.pairs is None or not config.tlm_weight:
        return None
    return MaskedLM(
        parts.model,
        _rule(parts),
        config.sampled_pieces,
        config.tlm_weight,
        "tlm",
        "TLM",
        "pairs",
        config.tlm_batch,
    )


def _rule(parts: Parts) -> MaskRule:
    tokenizer = parts.tokenizer
    return MaskRule(parts.config.mask_rate, tokenizer.mask_id, tokenizer.random_ids)


@dataclass(eq=False)
class MaskedLM(Objective):
    """The loss on the pieces of text that are to be guessed.

    Attributes:
        model: whose head guesses.
        corruption: hides them.
        sampled_pieces: guess among so many random pieces; 0 is all.
    """

    model: MaskedModel
    corruption: MaskRule
    sampled_pieces: int = 0
    weight: float = 1.0
    name: str = "mlm"
    label: str = "MLM"
    reads: str = "text"
    batch: int = 0

    def __post_init__(self) -> None:
        pieces = self.sampled_pieces or self.model.decoder.weight.shape[0]
        self.operations = 2.0 * self.model.width * (self.model.width + pieces)

    def count(self, share: TextShare) -> int:
        """Pieces that are to be guessed."""
        return share.num_guessed

    def prepare(self, whole: TextShare, seed: int) -> Candidates | None:
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
        self, share: TextShare, batch: MicroBatch, states: Tensor, prepared: Candidates | None
    ) -> Tensor:
        """The summed loss on the pieces of a batch that are to be guessed.

        Args:
            share: where the batch comes from.
            batch: some of its sequences.
            states: (B, T, D) the last states.
            prepared: the pieces to guess among; None scores all.
        """
        places, labels = padded(*guessed_places(share, batch), states.device)
        found = guess_losses(self.model, states, places, labels, prepared)
        self.note_losses(share, guessed_rows(share, batch), found.each)
        return found.loss


def padded(places: Tensor, labels: Tensor, device: torch.device) -> tuple[Tensor, Tensor]:
    """Places and labels on a device, filled up to a number for which kernels are at hand."""
    filling = (0, round_up(len(places), _PLACES) - len(places))
    on_device = [one.to(device, non_blocking=True) for one in (pad(places, filling), labels)]
    return on_device[0], pad(on_device[1], filling, value=-1)


def guess_losses(
    model: MaskedModel,
    states: Tensor,
    places: Tensor,
    labels: Tensor,
    candidates: Candidates | None = None,
) -> RowLosses:
    """The cross-entropy of the pieces at the chosen places; no other place is scored.

    Args:
        model: whose head scores them.
        states: (B, T, D) last states.
        places: (M,) places in the flattened batch.
        labels: (M,) the right pieces; those below 0 count nothing.
        candidates: score these pieces only.
    """
    features = model.features(states, places)
    weight, bias = model.table, model.bias
    if candidates is not None:
        weight = weight.index_select(0, candidates.ids)
        bias = bias.index_select(0, candidates.ids) + candidates.correction
        labels = torch.where(labels < 0, labels, torch.searchsorted(candidates.ids, labels))
    return scored(features, weight, bias, labels, model.low)


def guessed_places(share: TextShare, batch: MicroBatch) -> tuple[Tensor, Tensor]:
    """Places in the flattened batch that are to be guessed, and the pieces that stood there."""
    members = batch.members.tolist()
    hidden = np.concatenate([share.guessed[member] for member in members])
    original = np.concatenate([share.original[member] for member in members])
    places = spread(batch.starts, batch.lengths)[hidden]
    return torch.from_numpy(places), torch.from_numpy(original[hidden])


def guessed_rows(share: TextShare, batch: MicroBatch) -> NDArray[np.int64]:
    """(M,) the sequence of the share that each guessed piece of a batch stands in."""
    numbers = [int(share.guessed[member].sum()) for member in batch.members.tolist()]
    return np.repeat(batch.members, numbers)
