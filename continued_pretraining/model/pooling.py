"""States of pieces to one state per word."""

from __future__ import annotations

import torch
from torch import Tensor

from continued_pretraining.text.batch import MicroBatch
from x2static.teacher.pooling import span_means


def pool_states(
    states: Tensor, batch: MicroBatch, pool: str, prefix: int = 1, suffix: int = 1
) -> Tensor:
    """(S, D) float32: one state for each sequence of a batch.

    Args:
        states: (B, T, D) of the whole batch.
        batch: says where each sequence lies.
        pool: ``pieces`` is the mean of its own pieces, ``all`` of those and the control tokens
            around them, ``first`` its first piece, ``cls`` the control token before it.
        prefix: control tokens before a sequence.
        suffix: control tokens after it.
    """
    flat = states.flatten(0, 1)
    if pool in ("first", "cls"):
        places = batch.starts - (1 if pool == "cls" else 0)
        return flat.index_select(0, torch.from_numpy(places).to(flat.device)).float()
    before, after = (prefix, suffix) if pool == "all" else (0, 0)
    return span_means(flat, batch.starts - before, batch.lengths + before + after)
