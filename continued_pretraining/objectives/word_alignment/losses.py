"""Alignment losses between states of words and their static vectors; only the states learn.

All are functions of a whole batch of rows: ``states`` (N, D), ``targets`` (N, D). The losses that
see covariances alone are in `correlations`.
"""

from __future__ import annotations

import torch
from torch import Tensor


def mse_loss(states: Tensor, targets: Tensor) -> Tensor:
    """Mean squared difference per number; D equals E."""
    return (states - targets).square().mean()


def cosine_loss(states: Tensor, targets: Tensor) -> Tensor:
    """1 less the mean cosine of corresponding rows, each side centred; D equals E."""
    return 1 - (unit_centred(states) * unit_centred(targets)).sum(dim=1).mean()


def infonce_loss(states: Tensor, targets: Tensor, contrast: float, same: Tensor) -> Tensor:
    """How badly each row finds its own vector among those of the batch, and the reverse.

    Args:
        states: (N, D) centred here, as in `cosine_loss`.
        targets: (N, D) centred here.
        contrast: temperature that divides the cosines.
        same: (N,) number of each row's word; other rows of the same word are no wrong answers.
    """
    scores = unit_centred(states) @ unit_centred(targets).T / contrast
    twin = (same[:, None] == same[None, :]) & ~torch.eye(
        len(same), dtype=torch.bool, device=same.device
    )
    scores = scores.masked_fill(twin, float("-inf"))
    gold = torch.arange(len(scores), device=scores.device)
    forward = torch.nn.functional.cross_entropy(scores, gold)
    return (forward + torch.nn.functional.cross_entropy(scores.T, gold)) / 2


def centred(rows: Tensor) -> Tensor:
    """The rows less their mean."""
    return rows - rows.mean(dim=0, keepdim=True)


def unit_centred(rows: Tensor) -> Tensor:
    """The rows less their mean, each of length 1 (a zero row stays zero)."""
    return torch.nn.functional.normalize(centred(rows), dim=1, eps=1e-12)
