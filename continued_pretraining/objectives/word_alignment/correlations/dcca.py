"""Deep canonical correlation analysis: all directions, or the strongest."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from continued_pretraining.objectives.word_alignment.correlations.correlation import (
    Correlation,
    LossGradients,
)
from continued_pretraining.objectives.word_alignment.correlations.decompositions import (
    correlations_of,
    polar_factor,
)
from continued_pretraining.objectives.word_alignment.correlations.moments import Moments
from x2static.core.errors import ConfigError


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

    def score(self, moments: Moments) -> LossGradients:
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
        return LossGradients(-(polar * whitened).sum(), by_states, by_mixed)

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
        found = correlations_of(left, right, first, second, others.mixed)
        return -float(found[: self.components].sum())


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
