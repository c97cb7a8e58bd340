"""How many groups: silhouette, gap statistic and eigengap, each with its curve."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from x2static.languages.cluster.agglomerative import Linkage, cut, merges_of
from x2static.languages.measures.spaces import cosine_distances

_REFERENCES = 20


def silhouette(distances: NDArray[np.float64], labels: Sequence[int]) -> float:
    """Mean over languages of (b - a) / max(a, b), 0 for a language alone (Rousseeuw 1987)."""
    groups = np.array(labels)
    values = []
    for row, own in enumerate(groups):
        mine = groups == own
        if mine.sum() == 1:
            values.append(0.0)
            continue
        inside = distances[row, mine].sum() / (mine.sum() - 1)
        outside = min(distances[row, groups == other].mean() for other in set(labels) - {own})
        most = max(inside, outside)
        values.append((outside - inside) / most if most > 0 else 0.0)
    return float(np.mean(values))


def within(distances: NDArray[np.float64], labels: Sequence[int]) -> float:
    """Sum over groups of the squared distances of their members to each other over their number.

    The squared distance of two rows of unit length is twice their cosine distance.
    """
    groups = np.array(labels)
    total = 0.0
    for own in set(labels):
        mine = np.flatnonzero(groups == own)
        total += float(distances[np.ix_(mine, mine)].sum()) / len(mine)
    return total


def curve(
    rows: NDArray[np.float64], most: int, linkage: Linkage, seed: int = 0
) -> list[dict[str, float]]:
    """What each number of groups is worth, from 2 to ``most``.

    ``gap`` is Tibshirani's statistic (2001) against 20 sets of points drawn evenly from the box
    around the languages in their principal axes, ``gap_error`` the error of that mean. ``eigengap``
    is the step between eigenvalues K and K + 1 of the normalised graph Laplacian, with affinities
    exp(-d^2 / 2s^2) and s the median distance.
    """
    distances = cosine_distances(rows)
    merges = merges_of(distances, linkage)
    rng = np.random.default_rng(seed)
    unit = rows / np.maximum(np.linalg.norm(rows, axis=1), 1e-300)[:, None]
    references = [cosine_distances(_even(unit, rng)) for _ in range(_REFERENCES)]
    reference_merges = [merges_of(one, linkage) for one in references]
    values = _laplacian(distances)
    found = []
    for groups in range(2, most + 1):
        labels = cut(merges, len(rows), groups)
        logs = [
            np.log(max(within(one, cut(some, len(rows), groups)), 1e-300))
            for one, some in zip(references, reference_merges, strict=True)
        ]
        own = np.log(max(within(distances, labels), 1e-300))
        gap_after = values[groups] - values[groups - 1] if groups < len(values) else 0.0
        found.append(
            {
                "groups": groups,
                "silhouette": silhouette(distances, labels),
                "gap": float(np.mean(logs) - own),
                "gap_error": float(np.std(logs) * np.sqrt(1 + 1 / _REFERENCES)),
                "eigengap": float(gap_after),
            }
        )
    return found


def choose(found: Sequence[dict[str, float]], by: str) -> int:
    """The number of groups that a curve speaks for.

    By silhouette and eigengap the largest value, by gap the first K whose gap is at least the next
    one's less its error.
    """
    if by == "gap":
        for now, after in pairwise(found):
            if now["gap"] >= after["gap"] - after["gap_error"]:
                return int(now["groups"])
        return int(found[-1]["groups"])
    return int(max(found, key=lambda row: (row[by], -row["groups"]))["groups"])


def _even(rows: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Points drawn evenly from the box around the rows, along their principal axes."""
    center = rows.mean(axis=0)
    _, _, axes = np.linalg.svd(rows - center, full_matrices=False)
    turned = (rows - center) @ axes.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    found: NDArray[np.float64] = rng.uniform(low, high, turned.shape) @ axes + center
    return found


def _laplacian(distances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Eigenvalues of I - D^-1/2 A D^-1/2, rising."""
    scale = float(np.median(distances[np.triu_indices(len(distances), 1)])) or 1.0
    affinity = np.exp(-(distances**2) / (2 * scale**2))
    np.fill_diagonal(affinity, 0.0)
    root = 1 / np.sqrt(np.maximum(affinity.sum(axis=1), 1e-12))
    found: NDArray[np.float64] = np.linalg.eigvalsh(
        np.eye(len(distances)) - root[:, None] * affinity * root
    )
    return found
