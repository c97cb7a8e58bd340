"""Means and covariances of two views of words, of one batch or of many that fade."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Moments:
    """Weighted means of two views and sums of products of their centred rows.

    Attributes:
        weight: () of all rows together; a row of the newest batch weighs 1.
        state_mean: (D,) mean of the first view.
        target_mean: (E,) mean of the second.
        states: (D, D) sum of products of the first view with itself.
        targets: (E, E) of the second with itself.
        mixed: (D, E) of the first with the second.
    """

    weight: Tensor
    state_mean: Tensor
    target_mean: Tensor
    states: Tensor
    targets: Tensor
    mixed: Tensor

    @classmethod
    def of(cls, states: Tensor, targets: Tensor, *, centre: bool = True) -> Moments:
        """Those of a batch.

        Args:
            states: (N, D) first view.
            targets: (N, E) second view.
            centre: take the means out; otherwise they count as zero.
        """
        first, second = (
            rows.mean(dim=0) if centre else torch.zeros_like(rows[0]) for rows in (states, targets)
        )
        left, right = states - first, targets - second
        weight = states.new_tensor(len(states))
        return cls(weight, first, second, left.T @ left, right.T @ right, left.T @ right)

    def faded(self, share: float) -> Moments:
        """The same rows, each with ``share`` of its weight."""
        return Moments(
            share * self.weight,
            self.state_mean,
            self.target_mean,
            share * self.states,
            share * self.targets,
            share * self.mixed,
        )

    def joined(self, other: Moments) -> Moments:
        """Those of the rows of both (Chan, Golub and LeVeque 1979: no sums that cancel)."""
        weight = self.weight + other.weight
        share = other.weight / weight
        left = other.state_mean - self.state_mean
        right = other.target_mean - self.target_mean
        between = self.weight * share
        return Moments(
            weight,
            self.state_mean + share * left,
            self.target_mean + share * right,
            self.states + other.states + between * torch.outer(left, left),
            self.targets + other.targets + between * torch.outer(right, right),
            self.mixed + other.mixed + between * torch.outer(left, right),
        )

    def saved(self, prefix: str) -> dict[str, Tensor]:
        """Tensors for a checkpoint."""
        return {f"{prefix}/{field.name}": getattr(self, field.name) for field in fields(self)}

    @classmethod
    def restored(cls, prefix: str, tensors: dict[str, Any], device: torch.device) -> Moments | None:
        """What a checkpoint kept; None where it kept none."""
        names = [field.name for field in fields(cls)]
        if f"{prefix}/{names[0]}" not in tensors:
            return None
        return cls(*(tensors[f"{prefix}/{name}"].to(device) for name in names))
