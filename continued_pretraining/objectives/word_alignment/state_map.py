"""A map between the space of static vectors and that of states, for losses that compare the two."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from continued_pretraining.objectives.word_alignment.losses import centred


class StateMap(nn.Module):
    """Brings targets to the states, or states to the targets.

    ``none`` and ``rotate`` move the targets: t = scale * R v + shift, fixed at the start. ``learn``
    moves the states by a linear map that begins as the least squares solution and then trains.
    """

    rotation: Tensor
    scale: Tensor
    shift: Tensor

    def __init__(self, kind: str, width: int, target_width: int) -> None:
        """Make an identity, or for ``learn`` a map of zeros, to be fitted."""
        super().__init__()
        self.kind = kind
        self.register_buffer("rotation", torch.eye(width, target_width))
        self.register_buffer("scale", torch.ones(()))
        self.register_buffer("shift", torch.zeros(width))
        self.linear = nn.Linear(width, target_width) if kind == "learn" else None

    @torch.no_grad()
    def fit(self, states: Tensor, targets: Tensor, *, match: bool) -> None:
        """Fit in closed form.

        Args:
            states: (N, D) of the model at the start.
            targets: (N, E) unit vectors of the same words.
            match: give the targets the states' spread and mean.
        """
        left, right = centred(states.double()), centred(targets.double())
        if self.linear is not None:
            gram = left.T @ left
            gram.diagonal().add_(1e-2 * gram.diagonal().mean() + 1e-12)
            weight = torch.linalg.solve(gram, left.T @ right).T
            self.linear.weight.copy_(weight)
            self.linear.bias.copy_(targets.double().mean(dim=0) - weight @ states.double().mean(0))
            return
        if self.kind == "rotate":
            u, _, vt = torch.linalg.svd(left.T @ right, full_matrices=False)
            self.rotation.copy_(u @ vt)
        if match:
            rotated = right @ self.rotation.double().T
            scale = left.norm() / rotated.norm().clamp(min=1e-12)
            moved = scale * targets.double().mean(dim=0) @ self.rotation.double().T
            self.scale.copy_(scale)
            self.shift.copy_(states.double().mean(dim=0) - moved)

    def targets(self, targets: Tensor) -> Tensor:
        """The targets as the loss compares them."""
        if self.linear is not None:
            return targets
        return self.scale * (targets @ self.rotation.T) + self.shift

    def states(self, states: Tensor) -> Tensor:
        """The states as the loss compares them."""
        if self.linear is None:
            return states
        mapped: Tensor = self.linear(states)
        return mapped

    def saved(self) -> dict[str, Tensor]:
        """What a checkpoint keeps."""
        return {f"map/{name}": tensor.detach() for name, tensor in self.state_dict().items()}

    def restore(self, tensors: dict[str, Any]) -> None:
        """Put back what a checkpoint kept."""
        own = {n.removeprefix("map/"): t for n, t in tensors.items() if n.startswith("map/")}
        self.load_state_dict(own)
