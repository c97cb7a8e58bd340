"""Alignment losses between states of words and their static vectors; only the states learn.

All are functions of a whole batch of rows: ``states`` (N, D), ``targets`` (N, E). Compute them in
float32 or float64. dcca and dgcca and their gradients are written in closed form: no gradient goes
through a decomposition, so equal singular values do no harm.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from x2static.core.errors import ConfigError

_SMALL = 1e-9  # a singular value below this part of the largest is none


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


def dcca_loss(states: Tensor, targets: Tensor, ridge: float, components: int | None) -> Tensor:
    """Minus the sum of canonical correlations (Andrew et al. 2013), all or the strongest.

    With H1, H2 the centred sides: S11 = H1'H1/(N-1) + r I, S22 likewise, S12 = H1'H2/(N-1); the
    correlations are the singular values of S11^(-1/2) S12 S22^(-1/2). r is ``ridge`` times the
    side's mean variance, so that the scale of a side does not matter.
    """
    result: Tensor = _Dcca.apply(states, targets, ridge, components)  # type: ignore[no-untyped-call]
    return result


def dgcca_loss(states: Tensor, targets: Tensor, components: int) -> Tensor:
    """Minus the sum of the k largest singular values of [A1 A2].

    A_v holds the k strongest left singular vectors of a centred side. The sum equals that of
    sqrt(1 + cos t) over the principal angles t between the two sides' spans. Where a side has fewer
    directions than k, fewer count.
    """
    result: Tensor = _Dgcca.apply(states, targets, components)  # type: ignore[no-untyped-call]
    return result


def centred(rows: Tensor) -> Tensor:
    """The rows less their mean."""
    return rows - rows.mean(dim=0, keepdim=True)


def unit_centred(rows: Tensor) -> Tensor:
    """The rows less their mean, each of length 1 (a zero row stays zero)."""
    return torch.nn.functional.normalize(centred(rows), dim=1, eps=1e-12)


class _Dcca(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        states, targets, ridge, components = inputs
        left, right = centred(states), centred(targets)
        free = max(1, len(left) - 1)
        first, first_ridge = _covariance(left, free, ridge)
        second, _ = _covariance(right, free, ridge)
        root, other_root = _cholesky(first), _cholesky(second)
        mixed = left.T @ right / free
        # Whitening with Cholesky factors: the same singular values as with inverse square roots.
        whitened = _solve(root, _solve(other_root, mixed.T).T)
        polar = polar_factor(whitened, components)
        loss = -(polar * whitened).sum()
        if not ctx.needs_input_grad[0]:
            return loss
        by_mixed = _solve_up(root, _solve_up(other_root, polar.T).T)
        inner = polar @ whitened.T
        by_first = -0.5 * _solve_up(root, _solve_up(root, (inner + inner.T) / 2).T)
        slope = right @ by_mixed.T + 2 * left @ by_first
        if first_ridge > 0:  # the ridge follows the variance
            slope = slope + 2 * ridge / left.shape[1] * by_first.trace() * left
        ctx.save_for_backward(-slope / free)
        return loss

    @staticmethod
    def backward(ctx: Any, *outputs: Any) -> tuple[Any, ...]:
        (slope,) = ctx.saved_tensors
        return centred(slope) * outputs[0], None, None, None


class _Dgcca(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        states, targets, components = inputs
        side, other = centred(states), centred(targets)
        vectors, values = _left_singular(side)
        other_vectors, _ = _left_singular(other)
        k = min(components, vectors.shape[1], other_vectors.shape[1])
        span, other_span = vectors[:, :k], other_vectors[:, :k]
        u, cosines, vt = torch.linalg.svd(span.T @ other_span)
        cosines = cosines.clamp(max=1)
        loss: Tensor = -(1 + cosines).sqrt().sum()
        if ctx.needs_input_grad[0]:
            by_span = other_span @ (vt.T * (-0.5 / (1 + cosines).sqrt())) @ u.T
            ctx.save_for_backward(_through_span(side, vectors, values, k, by_span))
        return loss

    @staticmethod
    def backward(ctx: Any, *outputs: Any) -> tuple[Any, ...]:
        (slope,) = ctx.saved_tensors
        return centred(slope) * outputs[0], None, None


def polar_factor(matrix: Tensor, components: int | None) -> Tensor:
    """U V' of the strongest singular pairs; all of them for None.

    On a GPU, where a decomposition takes longer than the model, all of them are found by
    Newton-Schulz steps, in which singular values below about 1e-4 count for less than 1.
    """
    if components is None and matrix.device.type == "cuda":
        return newton_schulz(matrix)
    u, values, vt = torch.linalg.svd(matrix, full_matrices=False)
    kept = values > _SMALL * values[:1].clamp(min=torch.finfo(matrix.dtype).tiny)
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


def _covariance(rows: Tensor, free: int, ridge: float) -> tuple[Tensor, float]:
    """The covariance with its ridge; a side that does not vary at all gets a ridge of 1."""
    product = rows.T @ rows / free
    added = float(ridge * product.diagonal().mean())
    varies = bool(product.diagonal().max() > 0)
    product.diagonal().add_(added if varies else 1.0)
    return product, added if varies else 0.0


def _cholesky(matrix: Tensor) -> Tensor:
    root, problem = torch.linalg.cholesky_ex(matrix)
    if bool(problem):
        raise ConfigError(
            "--ridge is too small for this batch of words: its covariance cannot be inverted; "
            "raise --ridge or --align-batch"
        )
    lower: Tensor = root
    return lower


def _solve(root: Tensor, rows: Tensor) -> Tensor:
    solved: Tensor = torch.linalg.solve_triangular(root, rows, upper=False)
    return solved


def _solve_up(root: Tensor, rows: Tensor) -> Tensor:
    solved: Tensor = torch.linalg.solve_triangular(root.T, rows, upper=True)
    return solved


def _left_singular(rows: Tensor) -> tuple[Tensor, Tensor]:
    """(N, R) left singular vectors of the directions there are, strongest first, and squares."""
    is_wide = rows.shape[0] <= rows.shape[1]
    product = rows @ rows.T if is_wide else rows.T @ rows
    squares, vectors = torch.linalg.eigh(product)
    squares, vectors = squares.flip(0), vectors.flip(1)
    small = _SMALL if rows.dtype is torch.float64 else 1e-6
    kept = squares > small * squares[:1].clamp(min=torch.finfo(rows.dtype).tiny)
    squares, vectors = squares[kept], vectors[:, kept]
    return (vectors if is_wide else rows @ vectors / squares.sqrt()), squares


def _through_span(rows: Tensor, vectors: Tensor, squares: Tensor, k: int, slope: Tensor) -> Tensor:
    """Carry a gradient from a span of k left singular vectors back to the rows.

    The loss sees only the span, so that only the gaps between its squares and the others count, not
    those within it; a gap that closes is kept from blowing up.
    """
    rest = vectors[:, k:]
    gaps = squares[None, :k] - squares[k:, None]
    least = 1e-6 * squares[:1]
    weights = gaps / (gaps.square() + least.square())
    outside = slope - vectors @ (vectors.T @ slope)
    moved = rest @ (weights * (rest.T @ slope)) + outside / squares[:k]
    span = vectors[:, :k]
    carried: Tensor = moved @ (span.T @ rows) + span @ (moved.T @ rows)
    return carried
