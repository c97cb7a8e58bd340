"""The formulas of the method, slowly, in float64, word by word: what the package is tested against.

Written from the papers' mathematics with no regard to speed, and sharing no code with ``align``.
"""

from __future__ import annotations

import numpy as np


def normalized(matrix, steps=("unit", "center", "unit")):
    rows = np.array(matrix, dtype=np.float64)
    for step in steps:
        if step == "unit":
            rows = np.array([r / (np.sqrt(sum(r * r)) or 1.0) for r in rows])
        elif step == "center":
            rows = rows - sum(rows) / len(rows)
        elif step == "unitdim":
            rows = np.array([c / (np.sqrt(sum(c * c)) or 1.0) for c in rows.T]).T
        elif step == "centeremb":
            rows = np.array([r - sum(r) / len(r) for r in rows])
    return rows


def rotation(x, z):
    """Procrustes: Z'X = U S V', W = V U'."""
    u, _, vt = np.linalg.svd(z.T @ x)
    return vt.T @ u.T


def matrix_power(symmetric, exponent):
    values, vectors = np.linalg.eigh(symmetric)
    return vectors @ np.diag(values**exponent) @ vectors.T


def multistep(x_pairs, z_pairs, x, z, a, b, dewhiten=True):
    """Whole matrices whitened, rotated, re-weighted, de-whitened, one step at a time."""
    wx, wz = matrix_power(x_pairs.T @ x_pairs, -0.5), matrix_power(z_pairs.T @ z_pairs, -0.5)
    xw, zw = x @ wx, z @ wz
    p, s, qt = np.linalg.svd((x_pairs @ wx).T @ (z_pairs @ wz))
    q = qt.T
    xw, zw = xw @ p @ np.diag(s**a), zw @ q @ np.diag(s**b)
    if dewhiten:
        xw = xw @ p.T @ np.linalg.inv(wx) @ p
        zw = zw @ q.T @ np.linalg.inv(wz) @ q
    return xw, zw


def mean_top(values, k):
    return sum(sorted(values, reverse=True)[:k]) / k


def induce(x, z, csls, forward_ranks, backward_ranks):
    """Match of every word, and the objective, by sorting whole rows."""
    cosines = x @ z.T
    r_source = np.array([mean_top(row, csls) if csls else 0.0 for row in cosines])
    r_target = np.array([mean_top(column, csls) if csls else 0.0 for column in cosines.T])
    forward = [
        sorted(range(len(z)), key=lambda j: -(cosines[i, j] - r_target[j] / 2))[rank - 1]
        for i, rank in enumerate(forward_ranks)
    ]
    backward = [
        sorted(range(len(x)), key=lambda i: -(cosines[i, j] - r_source[i] / 2))[rank - 1]
        for j, rank in enumerate(backward_ranks)
    ]
    tops = [max(row) for row in cosines], [max(column) for column in cosines.T]
    return forward, backward, sum(tops[0]) / len(x), sum(tops[1]) / len(z)


def masked_choice(scores, keep, rng):
    """The published draw itself: drop each score with chance 1 - keep, take the best left."""
    kept = rng.random(len(scores)) < keep
    return int(np.argmax(np.where(kept, scores, -np.inf)))


def profiles(rows, steps=("unit", "center", "unit")):
    """Rows of (X X')^(1/2) by the SVD of X, sorted, normalised."""
    u, s, _ = np.linalg.svd(rows, full_matrices=False)
    return normalized(np.sort(u @ np.diag(s) @ u.T, axis=1), steps)


def self_learning(
    x, z, pairs, *, ranks_of, keep, multiplier, patience, threshold, csls, union=True
):
    """The published loop; ``ranks_of(iteration, keep)`` gives both sides' ranks."""
    best, improved, iteration, history = -100.0, 0, 1, []
    while True:
        if iteration - improved > patience:
            if keep >= 1:
                return pairs, history
            keep, improved = min(1.0, multiplier * keep), iteration
        left, right = pairs
        w = rotation(x[left], z[right])
        f, b, of, ob = induce(x @ w, z, csls, *ranks_of(iteration, keep))
        if union:
            pairs = list(range(len(x))) + b, f + list(range(len(z)))
            objective = (of + ob) / 2
        else:
            pairs, objective = (list(range(len(x))), f), of
        history.append((keep, objective))
        if objective - best >= threshold:
            best, improved = objective, iteration
        iteration += 1


def rcsls_loss(matrix, x_pairs, z_pairs, x, z, k):
    total = 0.0
    for xi, yi in zip(x_pairs, z_pairs, strict=True):
        total += 2 * (xi @ matrix) @ yi
        total -= mean_top(z @ (xi @ matrix), k)
        total -= mean_top((x @ matrix) @ yi, k)
    return -total / len(x_pairs)
