"""dcca and dgcca: how far two views of the same words are related, whatever their bases.

Both are functions of covariances alone, so that rows of earlier updates may stand behind them as
constants. Gradients are in closed form: none goes through a decomposition, so equal singular values
do no harm. Compute in float64 where it costs little.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from continued_pretraining.objectives.word_alignment.moments import Moments
from x2static.core.errors import ConfigError

_SMALL = 1e-9  # a variance below this part of the largest is none
_FAINT = 1e-5  # so is a correlation: states are float32, and after a norm sum to nothing but noise


class Scored(NamedTuple):
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
    def score(self, moments: Moments) -> Scored:
        """The loss and its gradients."""

    @abstractmethod
    def limits(self, moments: Moments) -> tuple[float, float]:
        """The least and the greatest loss of views with these variances."""

    @abstractmethod
    def transferred(self, known: Moments, others: Moments) -> float:
        """The loss of other rows in the directions in which known ones are most alike."""

    def loss(
        self, states: Tensor, targets: Tensor, earlier: Moments | None = None, *,
        centre: bool = True,
    ) -> Tensor:  # fmt: skip
        """The loss of a batch, through which a gradient flows to its states.

        Args:
            states: (N, D) first view.
            targets: (N, E) second view.
            earlier: rows of before, which join the statistic as constants.
            centre: take the means out.
        """
        result: Tensor = _OfMoments.apply(states, targets, self, earlier, centre)  # type: ignore[no-untyped-call]
        return result


@dataclass(frozen=True)
class Dcca(Correlation):
    """Minus the sum of canonical correlations (Andrew et al. 2013), all or the strongest.

    With S11, S22, S12 the covariances and r I added to S11 and S22, the correlations are the
    singular values of S11^(-1/2) S12 S22^(-1/2). r is ``ridge`` times the side's mean variance, so
    that the scale of a side does not matter.

    Attributes:
        ridge: regularisation in mean variances.
        components: how many correlations count; None for all.
    """

    ridge: float
    components: int | None = None

    def score(self, moments: Moments) -> Scored:
        """See `Correlation.score`."""
        first, varies = _with_ridge(moments.states, self.ridge)
        second, _ = _with_ridge(moments.targets, self.ridge)
        root, other_root = _cholesky(first), _cholesky(second)
        # Whitening with Cholesky factors: the same singular values as with inverse square roots.
        whitened = _solve(root, _solve(other_root, moments.mixed.T).T)
        polar = polar_factor(whitened, self.components)
        by_mixed = -_solve_up(root, _solve_up(other_root, polar.T).T)
        inner = polar @ whitened.T
        by_states = 0.5 * _solve_up(root, _solve_up(root, (inner + inner.T) / 2).T)
        if varies:  # the ridge follows the variance
            by_states = by_states.clone()
            by_states.diagonal().add_(self.ridge / len(first) * by_states.trace())
        return Scored(-(polar * whitened).sum(), by_states, by_mixed)

    def limits(self, moments: Moments) -> tuple[float, float]:
        """See `Correlation.limits`; the trace inequality of von Neumann, with equality."""
        sides = []
        for products in (moments.states, moments.targets):
            values = torch.linalg.eigvalsh(products).flip(0).clamp(min=0)
            added = self.ridge * values.mean()
            sides.append((values / (values + added).clamp(min=1e-300)).nan_to_num())
        few = min(len(sides[0]), len(sides[1]))
        shared = (sides[0][:few] * sides[1][:few]).sqrt()
        return -float(shared[: self.components].sum()), 0.0

    def transferred(self, known: Moments, others: Moments) -> float:
        """See `Correlation.transferred`."""
        root = _cholesky(_with_ridge(known.states, self.ridge)[0])
        other_root = _cholesky(_with_ridge(known.targets, self.ridge)[0])
        whitened = _solve(root, _solve(other_root, known.mixed.T).T)
        u, _, vt = torch.linalg.svd(whitened, full_matrices=False)
        left, right = _solve_up(root, u), _solve_up(other_root, vt.T)
        first, second = (_with_ridge(x, self.ridge)[0] for x in (others.states, others.targets))
        found = _correlations(left, right, first, second, others.mixed)
        return -float(found[: self.components].sum())


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

    def score(self, moments: Moments) -> Scored:
        """See `Correlation.score`."""
        values, vectors = _directions(moments.states)
        other_values, other_vectors = _directions(moments.targets)
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
        return Scored(-(1 + cosines).sqrt().sum(), by_states, by_mixed)

    def limits(self, moments: Moments) -> tuple[float, float]:
        """See `Correlation.limits`."""
        sides = (moments.states, moments.targets)
        k = min(self.components, *(len(_directions(side)[0]) for side in sides))
        return -math.sqrt(2) * k, float(-k)

    def transferred(self, known: Moments, others: Moments) -> float:
        """See `Correlation.transferred`."""
        values, vectors = _directions(known.states)
        other_values, other_vectors = _directions(known.targets)
        k = min(self.components, len(values), len(other_values))
        span = vectors[:, :k] / values[:k].sqrt()
        other = other_vectors[:, :k] / other_values[:k].sqrt()
        u, _, vt = torch.linalg.svd(span.T @ known.mixed @ other)
        found = _correlations(span @ u, other @ vt.T, others.states, others.targets, others.mixed)
        return -float((1 + found.clamp(min=0)).sqrt().sum())


def dcca_loss(states: Tensor, targets: Tensor, ridge: float, components: int | None) -> Tensor:
    """`Dcca` of one batch."""
    return Dcca(ridge, components).loss(states, targets)


def dgcca_loss(states: Tensor, targets: Tensor, components: int) -> Tensor:
    """`Dgcca` of one batch."""
    return Dgcca(components).loss(states, targets)


class _OfMoments(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        states, targets, rule, earlier, centre = inputs
        moments = Moments.of(states, targets, centre=centre)
        if earlier is not None:
            moments = earlier.joined(moments)
        scored: Scored = rule.score(moments)
        if ctx.needs_input_grad[0]:
            # The means are where the sums of centred rows vanish: nothing flows through them.
            left, right = states - moments.state_mean, targets - moments.target_mean
            ctx.save_for_backward(2 * left @ scored.by_states + right @ scored.by_mixed.T)
        return scored.loss

    @staticmethod
    def backward(ctx: Any, *outputs: Any) -> tuple[Any, ...]:
        (slope,) = ctx.saved_tensors
        return slope * outputs[0], None, None, None, None


def polar_factor(matrix: Tensor, components: int | None) -> Tensor:
    """U V' of the strongest singular pairs; all of them for None.

    On a GPU, where a decomposition takes longer than the model, all of them are found by
    Newton-Schulz steps, in which singular values below about 1e-4 count for less than 1.
    """
    if components is None and matrix.device.type == "cuda":
        return newton_schulz(matrix)
    u, values, vt = torch.linalg.svd(matrix, full_matrices=False)
    kept = values > _FAINT * values[:1].clamp(min=torch.finfo(matrix.dtype).tiny)
    if components is not None:
        kept = kept & (torch.arange(len(values), device=values.device) < components)
    factor: Tensor = (u * kept) @ vt
    return factor


def newton_schulz(matrix: Tensor, steps: int = 24) -> Tensor:
    """The orthogonal factor of a matrix whose singular values lie between 0 and 1."""
    tall = matrix if matrix.shape[0] >= matrix.shape[1] else matrix.T
    for _ in range(steps):
        tall = 1.5 * tall - 0.5 * tall @ (tall.T @ tall)
    factor: Tensor = tall if matrix.shape[0] >= matrix.shape[1] else tall.T
    return factor


def _correlations(
    left: Tensor, right: Tensor, states: Tensor, targets: Tensor, mixed: Tensor
) -> Tensor:
    """(K,) correlations of pairs of directions, the columns of (D, K) and (E, K)."""
    between = (left * (mixed @ right)).sum(dim=0)
    within = (left * (states @ left)).sum(dim=0) * (right * (targets @ right)).sum(dim=0)
    return between / within.clamp(min=torch.finfo(within.dtype).tiny).sqrt()


def _with_ridge(products: Tensor, ridge: float) -> tuple[Tensor, bool]:
    """Products with their ridge; a side that does not vary at all gets a ridge of 1."""
    variances = products.diagonal()
    varies = bool(variances.max() > 0)
    result = products.clone()
    result.diagonal().add_(ridge * variances.mean() if varies else 1.0)
    return result, varies


def _cholesky(matrix: Tensor) -> Tensor:
    root, problem = torch.linalg.cholesky_ex(matrix)
    if bool(problem):
        raise ConfigError(
            "--ridge is too small for this batch of words: its covariance cannot be inverted; "
            "raise --ridge, --memory or --align-batch"
        )
    lower: Tensor = root
    return lower


def _solve(root: Tensor, rows: Tensor) -> Tensor:
    solved: Tensor = torch.linalg.solve_triangular(root, rows, upper=False)
    return solved


def _solve_up(root: Tensor, rows: Tensor) -> Tensor:
    solved: Tensor = torch.linalg.solve_triangular(root.T, rows, upper=True)
    return solved


def _directions(products: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues of the directions there are, strongest first, and (D, R) eigenvectors."""
    values, vectors = torch.linalg.eigh(products)
    values, vectors = values.flip(0), vectors.flip(1)
    small = _SMALL if products.dtype is torch.float64 else 1e-6
    kept = values > small * values[:1].clamp(min=torch.finfo(products.dtype).tiny)
    return values[kept], vectors[:, kept]


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
