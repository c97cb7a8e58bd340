"""Languages as points in the plane: classical scaling, or t-SNE."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Layout = Literal["mds", "tsne"]
_STEPS, _EARLY, _EXAGGERATION = 1000, 250, 12.0


def place(distances: NDArray[np.float64], layout: Layout, seed: int = 0) -> Points:
    """(L, 2) points, each axis brought to between 0 and 1."""
    points = tsne(distances, seed) if layout == "tsne" else mds(distances)
    low = points.min(axis=0)
    span = points.max(axis=0) - low
    found: Points = (points - low) / np.where(span > 0, span, 1)
    return found


def mds(distances: NDArray[np.float64], axes: int = 2) -> Points:
    """(L, axes) Torgerson's classical scaling: the best plane for the distances, signs fixed."""
    size = len(distances)
    centring = np.eye(size) - 1 / size
    values, vectors = np.linalg.eigh(-centring @ distances**2 @ centring / 2)
    kept = np.argsort(values)[::-1][:axes]
    points = vectors[:, kept] * np.sqrt(np.maximum(values[kept], 0))
    if points.shape[1] < axes:
        points = np.pad(points, ((0, 0), (0, axes - points.shape[1])))
    largest = np.abs(points).argmax(axis=0)
    signs = np.sign(points[largest, range(axes)])
    found: Points = points * np.where(signs == 0, 1, signs)
    return found


def tsne(distances: NDArray[np.float64], seed: int = 0, perplexity: float = 30.0) -> Points:
    """(L, 2) exact t-SNE (van der Maaten and Hinton 2008), begun from classical scaling.

    The perplexity is at most a third of the number of languages.
    """
    size = len(distances)
    if size < 4:
        return mds(distances)
    joint = _joint(distances**2, min(perplexity, (size - 1) / 3))
    start = mds(distances)
    points = 1e-4 * start / max(float(start[:, 0].std()), 1e-12)
    points += 1e-6 * np.random.default_rng(seed).standard_normal(points.shape)
    speed, gains = np.zeros_like(points), np.ones_like(points)
    rate = max(size / _EXAGGERATION / 4, 50.0)
    for step in range(_STEPS):
        wanted = joint * (_EXAGGERATION if step < _EARLY else 1.0)
        gradient = _gradient(points, wanted)
        same = np.sign(gradient) == np.sign(speed)
        gains = np.maximum(np.where(same, gains * 0.8, gains + 0.2), 0.01)
        speed = (0.5 if step < _EARLY else 0.8) * speed - rate * gains * gradient
        points = points + speed
        points -= points.mean(axis=0)
    return points


def divergence(points: Points, distances: NDArray[np.float64], perplexity: float) -> float:
    """The Kullback-Leibler divergence that t-SNE makes small."""
    joint = _joint(distances**2, perplexity)
    near = _near(points)
    found = np.maximum(near / near.sum(), 1e-12)
    return float((joint * np.log(np.maximum(joint, 1e-12) / found)).sum())


def _near(points: Points) -> NDArray[np.float64]:
    gaps = points[:, None] - points
    near: NDArray[np.float64] = 1 / (1 + (gaps**2).sum(axis=2))
    np.fill_diagonal(near, 0.0)
    return near


def _gradient(points: Points, joint: NDArray[np.float64]) -> Points:
    near = _near(points)
    force = (joint - near / near.sum()) * near
    found: Points = 4 * ((np.diag(force.sum(axis=1)) - force) @ points)
    return found


def _joint(squares: NDArray[np.float64], perplexity: float) -> NDArray[np.float64]:
    """Symmetric neighbour probabilities, each row's width found by bisection."""
    size = len(squares)
    rows = np.zeros((size, size))
    for row in range(size):
        gaps = np.delete(squares[row], row)
        gaps = gaps - gaps.min()
        low, high, beta = 0.0, np.inf, 1.0 / max(float(gaps.mean()), 1e-12)
        for _ in range(64):
            weights = np.exp(-beta * gaps)
            shares = weights / weights.sum()
            entropy = float(np.log(weights.sum()) + beta * (gaps * shares).sum())
            if abs(entropy - np.log(perplexity)) < 1e-6:
                break
            if entropy > np.log(perplexity):
                low, beta = beta, beta * 2 if np.isinf(high) else (beta + high) / 2
            else:
                high, beta = beta, (low + beta) / 2
        rows[row] = np.insert(shares, row, 0.0)
    found: NDArray[np.float64] = (rows + rows.T) / (2 * size)
    return found
