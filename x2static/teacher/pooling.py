"""Hidden states of pieces to one row for each word or sentence, summed in float32.

A sum of many bf16 numbers needs more digits than bf16 has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from x2static.teacher.batches import Numbers, spread

if TYPE_CHECKING:
    import torch


def span_sums(states: torch.Tensor, starts: Numbers, lengths: Numbers) -> torch.Tensor:
    """(S, D) sums over the places ``start`` to ``start + length`` of each span; has a gradient.

    Args:
        states: (M, D) rows of all places; those of a batch are ``states.flatten(0, 1)``.
        starts: (S,) first row of each span.
        lengths: (S,) number of its rows, 1 or more.
    """
    import torch

    if not len(lengths):
        return states[:0].float()  # has a gradient, too, of nothing
    places = torch.from_numpy(spread(starts, lengths)).to(states.device)
    begins = torch.from_numpy(np.cumsum(lengths) - lengths).to(states.device)
    rows = states.index_select(0, places).float()
    own = torch.arange(len(rows), device=states.device)
    # A bag adds in the order of its rows, on a GPU, too, where index_add takes any order.
    return torch.nn.functional.embedding_bag(own, rows, begins, mode="sum")


def span_means(states: torch.Tensor, starts: Numbers, lengths: Numbers) -> torch.Tensor:
    """(S, D) means over spans, as `span_sums`."""
    import torch

    counts = torch.from_numpy(lengths).to(states.device)[:, None]
    return span_sums(states, starts, lengths) / counts


def sentence_sums(
    states: torch.Tensor, lengths: Numbers, prefix: int, suffix: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """(B, D) sums over the text's pieces of each sentence, and over its control tokens.

    Args:
        states: (B, T, D) of padded sentences.
        lengths: (B,) pieces of each, control tokens included.
        prefix: control tokens before a sentence.
        suffix: control tokens after it.
    """
    import torch

    ends = torch.from_numpy(lengths).to(states.device)[:, None]
    column = torch.arange(states.shape[1], device=states.device)
    inside = column < ends
    text = inside & (column >= prefix) & (column < ends - suffix)
    weights = torch.stack([text, inside & ~text], dim=1).float()
    sums = torch.bmm(weights, states.float())
    return sums[:, 0], sums[:, 1]
