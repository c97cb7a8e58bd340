"""Points in the plane such that neighbours stay neighbours: exact t-SNE (van der Maaten 2008).

For some hundred points. Sums run in a fixed order, without a BLAS, so the number of threads does
not change a result; the start are the two main directions, rounded, so that neither do last bits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

_ITERATIONS, _EXAGGERATED = 400, 100
_PERPLEXITY = 15.0


def project(rows: NDArray[np.float32], seed: int = 0) -> Points:
    """(N, 2) coordinates of rows of length 1, in the middle of a square from -1 to 1.

    Args:
        rows: (N, D); similarity is their cosine.
        seed: of the noise that parts equal rows.
    """
    count = len(rows)
    if count < 3:
        line: Points = np.linspace(-0.5, 0.5, count)[:, None] * np.array([[1.0, 0.0]])
        return line
    exact = rows.astype(np.float64)
    cosines = np.einsum("nd,md->nm", exact, exact)
    distances = np.maximum(0.0, 2.0 - 2.0 * cosines)
    wanted = _joint(distances, min(_PERPLEXITY, (count - 1) / 3))
    points = _descend(_start(cosines, seed), wanted)
    points -= (points.max(axis=0) + points.min(axis=0)) / 2
    farthest = np.abs(points).max()
    return points / (farthest if farthest > 0 else 1.0)


def _joint(distances: Points, perplexity: float) -> Points:
    """(N, N) how likely two points pick each other as neighbours, at the given perplexity."""
    count = len(distances)
    own = np.eye(count, dtype=bool)
    low, high, beta = np.zeros(count), np.full(count, np.inf), np.ones(count)
    shifted = distances - np.where(own, np.inf, distances).min(axis=1)[:, None]
    shares = np.zeros_like(distances)
    for _ in range(60):
        weights = np.where(own, 0.0, np.exp(-beta[:, None] * shifted))
        sums = weights.sum(axis=1)
        shares = weights / sums[:, None]
        entropy = np.log(sums) + beta * (weights * shifted).sum(axis=1) / sums
        is_flat = entropy > np.log(perplexity)
        low, high = np.where(is_flat, beta, low), np.where(is_flat, high, beta)
        with np.errstate(invalid="ignore"):  # inf + 0, chosen away
            middle = (low + high) / 2
        beta = np.where(np.isinf(high), beta * 2, middle)
    joint: Points = (shares + shares.T) / (2 * count)
    return np.maximum(joint, 1e-12)


def _start(cosines: Points, seed: int) -> Points:
    """The two main directions, small."""
    centered = cosines - cosines.mean(axis=0) - cosines.mean(axis=1)[:, None] + cosines.mean()
    _, vectors = np.linalg.eigh(np.round(centered, 9))
    main = vectors[:, [-1, -2]]
    tips = main[np.abs(main).argmax(axis=0), [0, 1]]  # eigenvectors have no sign of their own
    main = main * np.sign(tips) / np.abs(tips)
    noise = np.random.default_rng(seed).standard_normal(main.shape)
    points: Points = 1e-2 * np.round(main, 3) + 1e-5 * noise
    return points


def _descend(points: Points, wanted: Points) -> Points:
    """Gradient descent with momentum and gains, as published."""
    speed, gains = np.zeros_like(points), np.ones_like(points)
    rate = max(len(points) / 12.0, 20.0)
    kernel, pull = np.empty_like(wanted), np.empty_like(wanted)  # used again in every turn
    for turn in range(_ITERATIONS):
        is_early = turn < _EXAGGERATED
        x, y = points[:, 0], points[:, 1]
        np.square(np.subtract(x[:, None], x, out=kernel), out=kernel)
        np.square(np.subtract(y[:, None], y, out=pull), out=pull)
        kernel += pull
        kernel += 1.0
        np.reciprocal(kernel, out=kernel)
        np.fill_diagonal(kernel, 0.0)
        np.multiply(wanted, 12.0 * kernel.sum() if is_early else kernel.sum(), out=pull)
        pull -= kernel
        pull *= kernel
        sums = pull.sum(axis=1)[:, None]
        gradient = 4.0 / kernel.sum() * (points * sums - np.einsum("nm,md->nd", pull, points))
        is_same = (gradient > 0) == (speed > 0)
        gains = np.maximum(np.where(is_same, gains * 0.8, gains + 0.2), 0.01)
        speed = (0.5 if is_early else 0.8) * speed - rate * gains * gradient
        points = points + speed
        points -= points.mean(axis=0)
    return points
