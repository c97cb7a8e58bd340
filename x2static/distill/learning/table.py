"""The static table U and its training: sampled logistic loss and row-sparse Adam, without autograd.

Loss of n targets with K negatives each (X2Static, section 3):
    mean_i l(c_i . u_wi) + sum_k mean_i l(-c_i . u_nik),   l(x) = log(1 + exp(-clamp(x, -20, 20)))
Its gradient towards a row of U is a sum of contexts with scalar weights. On a processor the step is
compiled where numba is installed; elsewhere, and on a GPU, torch takes it.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch

_CLAMP = 20.0
_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8


def initial_table(size: int, width: int, seed: int) -> torch.Tensor:
    """(V, D) float32 from U(-1/D, 1/D)."""
    import torch

    rng = np.random.default_rng([seed, 7])
    table = rng.random((size, width), dtype=np.float32)
    table *= 2 / width
    table -= 1 / width
    return torch.from_numpy(table)


class StaticTable:
    """One vector per word with the running moments of Adam; only touched rows change."""

    def __init__(
        self,
        table: torch.Tensor,
        learning_rate: float,
        first_moment: torch.Tensor | None = None,
        second_moment: torch.Tensor | None = None,
        step: int = 0,
    ) -> None:
        """Start from a table, or go on from saved moments."""
        import torch

        self.table = table
        self.first_moment = torch.zeros_like(table) if first_moment is None else first_moment
        self.second_moment = torch.zeros_like(table) if second_moment is None else second_moment
        self.learning_rate = learning_rate
        self.step = step
        self._compiled = compiled_step(table)

    @classmethod
    def restored(
        cls, saved: Mapping[str, torch.Tensor], learning_rate: float, device: torch.device
    ) -> StaticTable:
        """Go on from what `state` gave."""
        parts = (saved[name].to(device) for name in ("table", "first_moment", "second_moment"))
        table, first_moment, second_moment = parts
        return cls(table, learning_rate, first_moment, second_moment, int(saved["step"][0]))

    def state(self) -> dict[str, torch.Tensor]:
        """The table, its moments and the number of steps."""
        import torch

        return {
            "table": self.table,
            "first_moment": self.first_moment,
            "second_moment": self.second_moment,
            "step": torch.tensor([self.step]),
        }

    def update(
        self, context: torch.Tensor, words: torch.Tensor, negatives: torch.Tensor
    ) -> torch.Tensor:
        """One step on n targets; returns the loss before it, as a scalar tensor.

        Args:
            context: (n, D) what surrounds each target.
            words: (n,) its row.
            negatives: (n, K) rows of words that are not there.
        """
        self.step += 1
        root = float(np.sqrt(1 - _BETA2**self.step))
        rate = self.learning_rate * root / (1 - _BETA1**self.step)
        if self._compiled is not None:
            rates = (rate, _BETA1, _BETA2, _EPSILON)
            return self._compiled(self, (context, words, negatives), rates, _CLAMP)
        return self._update(context, words, negatives, rate)

    def _update(
        self, context: torch.Tensor, words: torch.Tensor, negatives: torch.Tensor, rate: float
    ) -> torch.Tensor:
        """The step in torch, on any device."""
        import torch

        rows = torch.cat([words[:, None], negatives], dim=1)  # (n, 1 + K)
        touched, place = torch.unique(rows, return_inverse=True)
        current = self.table.index_select(0, touched)
        met = current.index_select(0, place.flatten()).view(*rows.shape, -1)  # (n, 1 + K, D)
        loss, weights = loss_and_weights((met * context[:, None]).sum(2))
        pulls = weights[:, :, None] * context[:, None]
        gradient = torch.zeros_like(current)
        gradient.index_add_(0, place.flatten(), pulls.view(-1, context.shape[1]))
        self._adam(touched, current, gradient, rate)
        return loss

    def _adam(
        self, rows: torch.Tensor, current: torch.Tensor, gradient: torch.Tensor, rate: float
    ) -> None:
        """Lazy Adam: untouched rows stand still, the bias correction counts all steps."""
        first = self.first_moment.index_select(0, rows).lerp_(gradient, 1 - _BETA1)
        second = self.second_moment.index_select(0, rows).mul_(_BETA2)
        second.addcmul_(gradient, gradient, value=1 - _BETA2)
        self.first_moment.index_copy_(0, rows, first)
        self.second_moment.index_copy_(0, rows, second)
        current.addcdiv_(first, second.sqrt_().add_(_EPSILON), value=-rate)
        self.table.index_copy_(0, rows, current)


def compiled_step(table: torch.Tensor) -> Callable[..., torch.Tensor] | None:
    """The compiled step for a table on the processor; None on a GPU or without numba."""
    import torch

    if table.device.type != "cpu" or not has_compiler():
        return None
    from x2static.distill.learning.compiled import Scratch, take_step

    scratch = Scratch(*table.shape)

    def step(owner: StaticTable, targets: Any, rates: Any, clamp: float) -> torch.Tensor:
        tables = (owner.table, owner.first_moment, owner.second_moment)
        context, words, negatives = targets
        plain = (context.contiguous().numpy(), words.numpy(), negatives.contiguous().numpy())
        return torch.tensor(
            take_step(tuple(each.numpy() for each in tables), plain, scratch, rates, clamp)
        )

    return step


def has_compiler() -> bool:
    """Whether numba is installed."""
    return importlib.util.find_spec("numba") is not None


def step_name(device: str) -> str:
    """Which of the two ways a step is taken on a device; they differ in the last digits."""
    return "compiled" if device == "cpu" and has_compiler() else "torch"


def loss_and_weights(scores: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The loss of (n, 1 + K) scores, targets first, and its derivative by each score."""
    import torch

    signed = scores.clone()
    signed[:, 1:].neg_()
    inside = signed.abs() <= _CLAMP
    clamped = signed.clamp(-_CLAMP, _CLAMP)
    loss = torch.nn.functional.softplus(-clamped).sum() / len(scores)
    weights = torch.sigmoid(-clamped).mul_(-1 / len(scores)) * inside
    weights[:, 1:].neg_()
    return loss, weights
