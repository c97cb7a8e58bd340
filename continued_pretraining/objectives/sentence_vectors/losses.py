"""Losses on vectors of sentence pairs; each is a mean over the sentences that it looks at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize


@dataclass(frozen=True)
class Compared:
    """What the sentences of an update are compared with.

    Attributes:
        meanings: (P,) a number for what each pair says; pairs that say the same are no wrong
            answers to each other.
        targets: (P, D) vectors of what they say; None where no loss looks at them.
        has_target: (P,) which pairs have one.
    """

    meanings: Tensor
    targets: Tensor | None = None
    has_target: Tensor | None = None


def sentence_loss(
    states: Tensor, compared: Compared, losses: Sequence[str], temperature: float
) -> Tensor:
    """The sum of the losses asked for.

    Args:
        states: (2 P, D) of P sentences, then of their translations.
        compared: with what.
        losses: ``translations``, ``targets``, ``cosine``.
        temperature: of similarities among which the right one is found.
    """
    unit = normalize(states.float(), dim=1)
    first, second = unit.chunk(2)
    total = unit.new_zeros(())
    if "translations" in losses:
        scores = first @ second.T / temperature
        total = (
            total + (_found(scores, compared.meanings) + _found(scores.T, compared.meanings)) / 2
        )
    if compared.targets is not None and compared.has_target is not None:
        rows = compared.has_target.nonzero().squeeze(1)
        if len(rows):
            sides, meanings = (first[rows], second[rows]), compared.meanings[rows]
            targets = normalize(compared.targets[rows].float(), dim=1)
            if "targets" in losses:
                found = [_found(side @ targets.T / temperature, meanings) for side in sides]
                total = total + (found[0] + found[1]) / 2
            if "cosine" in losses:
                near = [(side * targets).sum(dim=1).mean() for side in sides]
                total = total + 1 - (near[0] + near[1]) / 2
    return total


def _found(scores: Tensor, meanings: Tensor) -> Tensor:
    """Mean cross-entropy of finding, in each row, the column of the same number."""
    right = torch.arange(len(scores), device=scores.device)
    is_same = meanings[:, None] == meanings[None, :]
    is_same = is_same & (right[:, None] != right[None, :])
    return cross_entropy(scores.masked_fill(is_same, float("-inf")), right)


def share_found(states: Tensor, meanings: Tensor) -> Tensor:
    """The share of sentences whose translation is the nearest of all, both directions."""
    unit = normalize(states.float(), dim=1)
    first, second = unit.chunk(2)
    scores = first @ second.T
    best = torch.stack([meanings[scores.argmax(dim=1)], meanings[scores.argmax(dim=0)]])
    return (best == meanings).double().mean()
