"""Deep generalised canonical correlation analysis: the strongest directions of each side."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from continued_pretraining.objectives.word_alignment.correlations.correlation import (
    Correlation,
    LossGradients,
)
from continued_pretraining.objectives.word_alignment.correlations.decompositions import (
    correlations_of,
    directions,
)
from continued_pretraining.objectives.word_alignment.correlations.moments import Moments


@dataclass(frozen=True)
class Dgcca(Correlation):
    """Minus the sum of the k largest singular values of [A1 A2].

    A_v holds the k strongest left singular vectors of a centred side. The sum equals that of
    sqrt(1 + cos t) over the principal angles t between the two sides' spans. Where a side has fewer
    directions than k, fewer count.

    Attributes:
        components: k.
    """

    components: int

    def score(self, moments: Moments) -> LossGradients:
        """See `Correlation.score`."""
        values, vectors = directions(moments.states)
        other_values, other_vectors = directions(moments.targets)
        k = min(self.components, len(values), len(other_values))
        other = other_vectors[:, :k] / other_values[:k].sqrt()
        turned = vectors.T @ (moments.mixed @ other)  # (R, k)
        inner = turned[:k] / values[:k, None].sqrt()
        u, cosines, vt = torch.linalg.svd(inner)
        cosines = cosines.clamp(max=1)
        by_inner = (u * (-0.5 / (1 + cosines).sqrt())) @ vt
        span = vectors[:, :k] / values[:k].sqrt()
        by_mixed = span @ by_inner @ other.T
        by_root = by_inner @ (moments.mixed @ other).T  # (k, D) in the directions of the span
        by_states = _through_root(values, vectors, k, by_root)
        return LossGradients(-(1 + cosines).sqrt().sum(), by_states, by_mixed)

    def limits(self, moments: Moments) -> tuple[float, float]:
        """See `Correlation.limits`."""
        sides = (moments.states, moments.targets)
        k = min(self.components, *(len(directions(side)[0]) for side in sides))
        return -math.sqrt(2) * k, float(-k)

    def transferred(self, known: Moments, others: Moments) -> float:
        """See `Correlation.transferred`."""
        values, vectors = directions(known.states)
        other_values, other_vectors = directions(known.targets)
        k = min(self.components, len(values), len(other_values))
        span = vectors[:, :k] / values[:k].sqrt()
        other = other_vectors[:, :k] / other_values[:k].sqrt()
        u, _, vt = torch.linalg.svd(span.T @ known.mixed @ other)
        found = correlations_of(span @ u, other @ vt.T, others.states, others.targets, others.mixed)
        return -float((1 + found.clamp(min=0)).sqrt().sum())


def _through_root(values: Tensor, vectors: Tensor, k: int, by_root: Tensor) -> Tensor:
    """Carry a gradient from the inverse root of the k strongest directions to the products.

    The root is a function of the matrix: values^(-1/2) of the first k, 0 of the others. Its
    derivative weighs each pair of directions by a divided difference (Daleckii and Krein 1965). A
    gap between the k and the others that closes is kept from blowing up.

    Args:
        values: (R,) eigenvalues, strongest first.
        vectors: (D, R) their vectors; what lies outside them has none.
        k: how many count.
        by_root: (k, D) gradient, its rows in the directions that count.
    """
    roots = values[:k].sqrt()
    within = -1 / (roots[:, None] * roots[None, :] * (roots[:, None] + roots[None, :]))
    gaps = values[:k, None] - values[None, k:]
    least = 1e-6 * values[:1]
    across = gaps / (gaps.square() + least.square()) / roots[:, None]
    turned = by_root @ vectors  # (k, R)
    block = within * turned[:, :k]
    inner = torch.cat([(block + block.T) / 2, across * turned[:, k:] / 2], dim=1)
    outside = (by_root - turned @ vectors.T) / (2 * values[:k].pow(1.5))[:, None]
    half = vectors[:, :k] @ (inner @ vectors.T + outside)  # (D, D)
    own = vectors[:, :k] @ ((block + block.T) / 2) @ vectors[:, :k].T
    return half + half.T - own
