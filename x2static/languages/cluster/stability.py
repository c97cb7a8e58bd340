"""Would other sentences, or other languages, give the same groups?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from x2static.languages.cluster.agglomerative import Linkage, cut, merges_of
from x2static.languages.measures.spaces import cosine_distances
from x2static.languages.statistics.agreement import adjusted_rand

Rows = NDArray[np.float64]
_KEPT = 0.8


def over_sentences(
    rows_of: Callable[[Sequence[int]], Rows],
    parts: int,
    labels: Sequence[int],
    linkage: Linkage,
    draws: int,
    seed: int,
) -> dict[str, object]:
    """Agreement of the groups with those from half of the sentences, over random halves.

    Args:
        rows_of: (L, D) of the sentences of some parts.
        parts: how many there are.
        labels: the groups of all sentences.
        linkage: of the clustering.
        draws: halves to draw.
        seed: of the draw.
    """
    rng = np.random.default_rng(seed)
    values, together = [], np.zeros((len(labels), len(labels)))
    for _ in range(draws):
        half = sorted(rng.permutation(parts)[: parts // 2].tolist())
        found = np.array(_groups(rows_of(half), len(set(labels)), linkage))
        values.append(adjusted_rand(labels, found.tolist()))
        together += found[:, None] == found
    return {**_summary(values), "together": (together / draws).tolist()}


def over_languages(
    rows: Rows, labels: Sequence[int], linkage: Linkage, draws: int, seed: int
) -> dict[str, float]:
    """Agreement where both have a language, when a fifth of the languages is left out."""
    rng = np.random.default_rng(seed)
    size = max(len(set(labels)) + 1, round(_KEPT * len(rows)))
    values = []
    for _ in range(draws):
        kept = np.sort(rng.permutation(len(rows))[:size])
        found = _groups(rows[kept], len(set(labels)), linkage)
        values.append(adjusted_rand([labels[row] for row in kept], found))
    return _summary(values)


def random_groups(sizes: Sequence[int], languages: int, seed: int) -> list[int]:
    """(L,) labels of groups of these sizes, drawn at random: the control."""
    labels = np.repeat(np.arange(len(sizes)), sizes)
    found: list[int] = np.random.default_rng(seed).permutation(labels)[:languages].tolist()
    return found


def _groups(rows: Rows, groups: int, linkage: Linkage) -> list[int]:
    return cut(merges_of(cosine_distances(rows), linkage), len(rows), min(groups, len(rows)))


def _summary(values: Sequence[float]) -> dict[str, float]:
    low, high = np.quantile(values, [0.025, 0.975])
    return {"mean": float(np.mean(values)), "low": float(low), "high": float(high)}
