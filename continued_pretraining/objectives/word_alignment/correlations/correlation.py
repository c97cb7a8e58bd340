"""A loss that sees nothing but covariances, and its gradient.

Rows of earlier updates may stand behind the covariances as constants. Gradients are in closed form:
none goes through a decomposition, so equal singular values do no harm. Compute in float64 where it
costs little.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

import torch
from torch import Tensor

from continued_pretraining.objectives.word_alignment.correlations.moments import Moments


class LossGradients(NamedTuple):
    """A loss and its gradients towards the sums of products.

    Attributes:
        loss: () the less the better.
        by_states: (D, D) symmetric.
        by_mixed: (D, E).
    """

    loss: Tensor
    by_states: Tensor
    by_mixed: Tensor


class Correlation(ABC):
    """A loss that sees nothing but covariances."""

    @abstractmethod
    def score(self, moments: Moments) -> LossGradients:
        """The loss and its gradients."""

    @abstractmethod
    def limits(self, moments: Moments) -> tuple[float, float]:
        """The least and the greatest loss of views with these variances."""

    @abstractmethod
    def transferred(self, known: Moments, others: Moments) -> float:
        """The loss of other rows in the directions in which known ones are most alike."""

    def loss(
        self,
        states: Tensor,
        targets: Tensor,
        earlier: Moments | None = None,
        *,
        centre: bool = True,
    ) -> Tensor:
        """The loss of a batch, through which a gradient flows to its states.

        Args:
            states: (N, D) first view.
            targets: (N, E) second view.
            earlier: rows of before, which join the statistic as constants.
            centre: take the means out.
        """
        result: Tensor = _OfMoments.apply(states, targets, self, earlier, centre)  # type: ignore[no-untyped-call]
        return result


class _OfMoments(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        states, targets, rule, earlier, centre = inputs
        moments = Moments.of(states, targets, centre=centre)
        if earlier is not None:
            moments = earlier.joined(moments)
        scored: LossGradients = rule.score(moments)
        if ctx.needs_input_grad[0]:
            # The means are where the sums of centred rows vanish: nothing flows through them.
            left, right = states - moments.state_mean, targets - moments.target_mean
            ctx.save_for_backward(2 * left @ scored.by_states + right @ scored.by_mixed.T)
        return scored.loss

    @staticmethod
    def backward(ctx: Any, *outputs: Any) -> tuple[Any, ...]:
        (gradient,) = ctx.saved_tensors
        return gradient * outputs[0], None, None, None, None
