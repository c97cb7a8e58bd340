"""The published method in float64, straight from the formulas: what the presets are measured with.

No blocks of clever bounds, no ranks in the place of masks: every similarity is made, every mask is
drawn. Shares no code with ``align``. Slow, and of a size that memory can hold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Rows = NDArray[np.int64]
Pairs = tuple[Rows, Rows]

# normalisation, re-weighting of source and target; None: orthogonal
SUPERVISED: dict[str, tuple[tuple[str, ...], tuple[float, float] | None]] = {
    "supervised": (("unit", "center", "unit"), (0.5, 0.5)),
    "aaai2018": (("unit", "center"), (0.0, 1.0)),
    "emnlp2016": (("unit", "center"), None),
}
NEIGHBORS = 10
START = 4_000
_BLOCK = 1_000


def normalized(rows: NDArray[Any], steps: Sequence[str] = ("unit", "center", "unit")) -> Matrix:
    """The rows after the steps."""
    result = rows.astype(np.float64)
    for step in steps:
        if step == "unit":
            lengths = np.linalg.norm(result, axis=1, keepdims=True)
            result = result / np.where(lengths == 0, 1, lengths)
        else:
            result = result - result.mean(axis=0)
    return result


def supervised(
    preset: str, source: NDArray[Any], target: NDArray[Any], pairs: Pairs
) -> tuple[Matrix, Matrix]:
    """Both languages mapped by a preset that learns from a dictionary once."""
    steps, exponents = SUPERVISED[preset]
    x, z = normalized(source, steps), normalized(target, steps)
    if exponents is None:
        return x @ rotation(x[pairs[0]], z[pairs[1]]), z
    return multistep(x, z, pairs, exponents)


def rotation(x: Matrix, z: Matrix) -> Matrix:
    """Z'X = U S V', W = V U'."""
    u, _, vt = np.linalg.svd(z.T @ x)
    result: Matrix = vt.T @ u.T
    return result


def multistep(
    x: Matrix, z: Matrix, pairs: Pairs, exponents: tuple[float, float] = (0.5, 0.5)
) -> tuple[Matrix, Matrix]:
    """Whitened, rotated, re-weighted, de-whitened; by the thin SVD of the pairs' rows."""
    whitenings = []
    for side, rows in zip((x, z), pairs, strict=True):
        _, s, vt = np.linalg.svd(side[rows], full_matrices=False)
        whitenings.append(vt.T @ np.diag(1 / s) @ vt)
    wx, wz = whitenings
    x, z = x @ wx, z @ wz
    p, s, qt = np.linalg.svd(x[pairs[0]].T @ z[pairs[1]])
    a, b = exponents
    x, z = x @ p * s**a, z @ qt.T * s**b
    return x @ p.T @ np.linalg.inv(wx) @ p, z @ qt @ np.linalg.inv(wz) @ qt.T


def unsupervised(
    source: NDArray[Any],
    target: NDArray[Any],
    cutoff: int,
    seed: int = 0,
    report: Callable[[int, float, float], None] = lambda *_: None,
) -> tuple[Matrix, Matrix, list[tuple[float, float]]]:
    """The whole unsupervised method with the published stopping rule.

    Args:
        source: rows of the source language, most frequent first.
        target: the same of the target language.
        cutoff: most frequent words per side to learn from.
        seed: of the masks.
        report: told iteration, chance of survival and objective.

    Returns:
        Both languages mapped, and chance of survival and objective of each iteration.
    """
    rng = np.random.default_rng(seed)
    x, z = normalized(source), normalized(target)
    head_x, head_z = x[:cutoff], z[:cutoff]
    pairs = profile_pairs(head_x, head_z)
    keep, best, improved, iteration = 0.1, -100.0, 0, 1
    history: list[tuple[float, float]] = []
    while True:
        if iteration - improved > 50:
            if keep >= 1:
                return *multistep(x, z, pairs), history
            keep, improved = min(1.0, 2 * keep), iteration
        turned = head_x @ rotation(head_x[pairs[0]], head_z[pairs[1]])
        pairs, objective = induce(turned, head_z, keep, rng)
        history.append((keep, objective))
        report(iteration, keep, objective)
        if objective - best >= 1e-6:
            best, improved = objective, iteration
        iteration += 1


def profile_pairs(x: Matrix, z: Matrix) -> Pairs:
    """First pairs: matched rows of (X X')^(1/2), each row sorted."""
    size = min(len(x), len(z), START)
    profiles = []
    for side in (x[:size], z[:size]):
        u, s, _ = np.linalg.svd(side, full_matrices=False)
        profiles.append(normalized(np.sort(u * s @ u.T, axis=1)))
    return induce(profiles[0], profiles[1], 1.0, np.random.default_rng(0))[0]


def induce(x: Matrix, z: Matrix, keep: float, rng: np.random.Generator) -> tuple[Pairs, float]:
    """Best match of every word, both ways, and the objective; a dropped score counts as zero."""
    forward, best_x = _matches(x, z, _hubness(z, x), keep, rng)
    backward, best_z = _matches(z, x, _hubness(x, z), keep, rng)
    left, right = np.arange(len(x)), np.arange(len(z))
    pairs = (np.concatenate([left, backward]), np.concatenate([forward, right]))
    return pairs, (best_x + best_z) / 2


def _hubness(queries: Matrix, others: Matrix) -> Matrix:
    """Mean similarity of each query to its nearest others."""
    parts = []
    for at in range(0, len(queries), _BLOCK):
        scores = queries[at : at + _BLOCK] @ others.T
        count = min(NEIGHBORS, scores.shape[1])
        parts.append(np.partition(scores, -count, axis=1)[:, -count:].mean(axis=1))
    return np.concatenate(parts)


def _matches(
    queries: Matrix, others: Matrix, hubness: Matrix, keep: float, rng: np.random.Generator
) -> tuple[Rows, float]:
    found, best = [], 0.0
    for at in range(0, len(queries), _BLOCK):
        scores = queries[at : at + _BLOCK] @ others.T
        best += float(scores.max(axis=1).sum())
        scores -= hubness / 2
        if keep < 1:
            scores *= rng.random(scores.shape) < keep
        found.append(scores.argmax(axis=1))
    return np.concatenate(found), best / len(queries)
