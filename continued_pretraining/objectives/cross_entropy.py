"""Cross-entropy over a large vocabulary without ever holding all scores.

The scores of some thousand positions over 250,000 pieces are gigabytes. Here a few rows at a time
are scored, turned into their part of the loss and of all gradients, and forgotten.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

_SCORES_AT_ONCE = 1 << 26
_ROWS = 64  # products over another number of rows take slower ways in bf16 on processors


class ChunkedCrossEntropy(torch.autograd.Function):
    """Sum over rows of -log softmax(x W' + b)[label], gradients worked out in the forward pass."""

    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> tuple[Tensor, Tensor, Tensor]:
        """The summed loss, that of each row, and the guesses drawn; see `scored`."""
        features, weight, bias, labels, low, draws = inputs
        guesses, each = torch.zeros_like(labels), torch.zeros_like(labels, dtype=bias.dtype)
        total = torch.zeros((), dtype=torch.float64, device=features.device)
        needs = any(ctx.needs_input_grad[:3])
        grad_features = torch.empty_like(features) if needs else None
        grad_weight = torch.zeros_like(weight) if needs else None
        grad_bias = torch.zeros_like(bias) if needs else None
        table = weight.to(low)
        step = max(1, _SCORES_AT_ONCE // len(weight) // _ROWS) * _ROWS
        for first in range(0, len(features), step):
            rows = slice(first, first + step)
            chunk, counts = features[rows].to(low), labels[rows, None] >= 0
            gold = labels[rows, None].clamp(min=0)
            scores = torch.addmm(bias.to(low), chunk, table.T).to(bias.dtype)
            # In place: the scores become probabilities, and those the gradient of the scores.
            best = scores.max(dim=1, keepdim=True).values
            right = scores.gather(1, gold)
            sums = scores.sub_(best).exp_().sum(dim=1, keepdim=True)
            if draws is not None:
                ends = scores.cumsum(dim=1)
                wanted = draws[rows, None].to(ends.dtype) * ends[:, -1:]
                found = torch.searchsorted(ends, wanted, right=True).squeeze(1)
                guesses[rows] = found.clamp_(max=len(weight) - 1)
            own = (sums.log() + best - right) * counts
            total += own.sum(dtype=torch.float64)
            each[rows] = own.squeeze(1)
            if grad_features is None or grad_weight is None or grad_bias is None:
                continue
            scores.mul_(counts / sums)
            scores.scatter_add_(1, gold, -counts.to(right.dtype))
            gradient = scores.to(low)
            grad_features[rows] = (gradient @ table).to(features.dtype)
            grad_weight += gradient.T @ chunk
            grad_bias += scores.sum(dim=0)
        if needs:
            ctx.save_for_backward(grad_features, grad_weight, grad_bias)
        ctx.mark_non_differentiable(each, guesses)
        return total.to(bias.dtype), each, guesses

    @staticmethod
    def backward(ctx: Any, *outputs: Any) -> tuple[Any, ...]:
        """The gradients of the forward pass, scaled."""
        scale = outputs[0]
        features, weight, bias = ctx.saved_tensors
        gradients = features * scale.to(features.dtype), weight * scale, bias * scale
        return *gradients, None, None, None


class RowLosses(NamedTuple):
    """What rows cost, and what was guessed.

    Attributes:
        loss: summed over all rows.
        each: (M,) the same for each; nothing flows back through it.
        guesses: (M,) pieces drawn by their probability; zeros where none were asked for.
    """

    loss: Tensor
    each: Tensor
    guesses: Tensor


def scored(
    features: Tensor,
    weight: Tensor,
    bias: Tensor,
    labels: Tensor,
    low: torch.dtype,
    draws: Tensor | None = None,
) -> RowLosses:
    """The cross-entropy of rows, and guesses for them on request.

    A guess is the piece at which the running sum of probabilities passes a row's draw, so that it
    is drawn by its probability and depends on that row alone.

    Args:
        features: (M, D) what is scored, in any precision.
        weight: (V, D) one row per piece.
        bias: (V,) one number per piece, in the precision of the loss.
        labels: (M,) the right piece of each row; rows below 0 count nothing.
        low: precision of the matrix products.
        draws: (M,) a number from 0 to below 1 for each row; None draws no guess.
    """
    return RowLosses(*ChunkedCrossEntropy.apply(features, weight, bias, labels, low, draws))  # type: ignore[no-untyped-call]
