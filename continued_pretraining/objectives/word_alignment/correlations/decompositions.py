"""Directions of covariances, strongest first, and what correlates in them."""

from __future__ import annotations

import torch
from torch import Tensor

_SMALL = 1e-9  # a variance below this part of the largest is none
_FAINT = 1e-5  # so is a correlation: states are float32, and after a norm sum to nothing but noise


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


def correlations_of(
    left: Tensor, right: Tensor, states: Tensor, targets: Tensor, mixed: Tensor
) -> Tensor:
    """(K,) correlations of pairs of directions, the columns of (D, K) and (E, K)."""
    between = (left * (mixed @ right)).sum(dim=0)
    within = (left * (states @ left)).sum(dim=0) * (right * (targets @ right)).sum(dim=0)
    return between / within.clamp(min=torch.finfo(within.dtype).tiny).sqrt()


def directions(products: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues of the directions there are, strongest first, and (D, R) eigenvectors."""
    values, vectors = torch.linalg.eigh(products)
    values, vectors = values.flip(0), vectors.flip(1)
    small = _SMALL if products.dtype is torch.float64 else 1e-6
    kept = values > small * values[:1].clamp(min=torch.finfo(products.dtype).tiny)
    return values[kept], vectors[:, kept]
