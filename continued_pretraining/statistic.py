"""The alignment loss over the words of a whole update, wherever their states were computed.

The states of all micro-batches and processes are put together without their graphs; the loss is
worked out once, on all of them, in every process alike; each keeps the gradient of its own rows and
sends it back through the model. So neither micro-batches nor processes change the statistic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from continued_pretraining.config import CORRELATIONS
from continued_pretraining.divergence import diverged
from continued_pretraining.losses import (
    cosine_loss,
    dcca_loss,
    dgcca_loss,
    infonce_loss,
    mse_loss,
)
from continued_pretraining.processes import Processes
from continued_pretraining.state_map import StateMap
from x2static.core.errors import ConfigError

_DGCCA_COMPONENTS = 10


@dataclass
class Statistic:
    """Computes one of the losses over all processes.

    Attributes:
        loss: its name.
        processes: those that have rows.
        map: brings the two sides together where the loss compares them.
        components: of dcca and dgcca.
        ridge: of dcca.
        contrast: of infonce.
    """

    loss: str
    processes: Processes
    map: StateMap | None
    components: int | None
    ridge: float
    contrast: float

    def value(self, states: Tensor, targets: Tensor, same: Tensor) -> Tensor:
        """The loss on rows that are all here.

        Args:
            states: (N, D) states of words.
            targets: (N, E) their unit vectors.
            same: (N,) number of each row's word.
        """
        if self.loss in CORRELATIONS:
            states, targets = _exact(states), _exact(targets)
            if not states.detach().square().sum().isfinite():  # no decomposition of such
                raise diverged("the states of words are too large, or no numbers any more")
        if self.loss == "dcca":
            return dcca_loss(states, targets, self.ridge, self.components)
        if self.loss == "dgcca":
            return dgcca_loss(states, targets, self.components or _DGCCA_COMPONENTS)
        if self.map is not None:
            states, targets = self.map.states(states), self.map.targets(targets)
        if self.loss == "mse":
            return mse_loss(states, targets)
        if self.loss == "cosine":
            return cosine_loss(states, targets)
        if self.loss == "infonce":
            return infonce_loss(states, targets, self.contrast, same)
        raise ConfigError(f"--loss {self.loss} is none that compares words")

    def gradient(
        self, own: Tensor, counts: Sequence[int], targets: Tensor, same: Tensor, weight: float
    ) -> tuple[Tensor, Tensor]:
        """The loss of the whole update, and the weighted gradient of this process's rows.

        A map that learns gets its gradient here, the same in every process.

        Args:
            own: (counts[rank], D) this process's states, without graph.
            counts: rows of each process.
            targets: (N, E) the targets of all rows, those of rank 0 first.
            same: (N,) number of each row's word.
            weight: of the loss in the update.
        """
        together = self.processes.gather_rows(own, counts).requires_grad_()
        with torch.enable_grad():
            loss = self.value(together, targets, same)
            (weight * loss).backward()  # type: ignore[no-untyped-call]
        first = sum(counts[: self.processes.rank])
        slope = together.grad
        if slope is None:
            raise RuntimeError("the alignment loss gave no gradient")
        return loss.detach().float(), slope[first : first + len(own)]


def _exact(rows: Tensor) -> Tensor:
    """float64 on a processor; float32 on a GPU, where float64 may be slow."""
    return rows.double() if rows.device.type == "cpu" else rows.float()
