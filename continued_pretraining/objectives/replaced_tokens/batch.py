"""A micro-batch in which a generator's guesses stand in the place of hidden pieces."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from continued_pretraining.text.batch import Ids, MicroBatch
from continued_pretraining.text.plan import TextShare
from x2static.teacher.batches import spread


@dataclass(frozen=True)
class RewrittenBatch(MicroBatch):
    """A micro-batch as the model reads it.

    Attributes:
        loss: what the generator's guesses cost, summed.
        places: (N,) places of pieces of text in the flattened rows.
        rows: (N,) the sequence of the share that each stands in.
        is_replaced: (N,) which of them are not what stood there.
    """

    loss: Tensor
    places: Tensor
    rows: Ids
    is_replaced: Tensor


def rewritten(
    share: TextShare, batch: MicroBatch, hidden: Tensor, guesses: Tensor, loss: Tensor
) -> RewrittenBatch:
    """Put guesses where pieces are hidden.

    Args:
        share: where the batch comes from.
        batch: some of its sequences, as the generator read them.
        hidden: (M,) places of hidden pieces in the flattened rows.
        guesses: (M,) what the generator put there.
        loss: what the guesses cost, summed.
    """
    members = batch.members.tolist()
    original = torch.from_numpy(np.concatenate([share.original[member] for member in members]))
    all_places = torch.from_numpy(spread(batch.starts, batch.lengths))
    is_text = np.concatenate([share.is_text(member) for member in members])
    device = batch.ids.device
    before = batch.ids.flatten().clone()
    before[all_places.to(device, non_blocking=True)] = original.to(device, non_blocking=True)
    after = before.index_copy(0, hidden, guesses)
    places = all_places[torch.from_numpy(is_text)].to(device, non_blocking=True)
    rows = np.repeat(batch.members, batch.lengths)[is_text]
    kept = {field.name: getattr(batch, field.name) for field in fields(MicroBatch)}
    kept["ids"] = after.view_as(batch.ids)
    return RewrittenBatch(
        **kept,
        loss=loss,
        places=places,
        rows=rows,
        is_replaced=(before != after).index_select(0, places),
    )


def draws_of(share: TextShare, members: Ids, drawn: list[np.ndarray]) -> Tensor:
    """(M,) the draws of a batch's hidden pieces, of those made for a whole update."""
    rows = share.rows[members].tolist()
    return torch.from_numpy(np.concatenate([drawn[row] for row in rows]))
