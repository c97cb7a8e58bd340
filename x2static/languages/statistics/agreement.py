"""How well two groupings of the same languages agree, and how often chance does as well."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

_AT_ONCE = 1 << 21  # pairs looked at in a go


@dataclass(frozen=True)
class Agreement:
    """Adjusted Rand index and what chance gives.

    Attributes:
        value: 1 for the same groups, 0 on average by chance, below 0 for less than chance.
        p: share of random relabellings that agree at least as well, the true one among them.
        permutations: how many there were.
    """

    value: float
    p: float
    permutations: int


def adjusted_rand(first: Sequence[Hashable], second: Sequence[Hashable]) -> float:
    """Hubert and Arabie's index; 1 also where both groupings are one group, or all apart."""
    rows, columns = (
        np.unique([str(x) for x in some], return_inverse=True)[1] for some in (first, second)
    )
    table = np.zeros((rows.max(initial=0) + 1, columns.max(initial=0) + 1))
    np.add.at(table, (rows, columns), 1)

    def pairs(counts: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
        return float((counts * (counts - 1) / 2).sum())

    together, left, right = pairs(table), pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    total = len(rows) * (len(rows) - 1) / 2
    expected = left * right / total if total else 0.0
    most = (left + right) / 2
    return 1.0 if most == expected else (together - expected) / (most - expected)


def agreement(
    first: Sequence[Hashable], second: Sequence[Hashable], permutations: int = 9999, seed: int = 0
) -> Agreement:
    """The index with a permutation test: the second grouping's labels are shuffled."""
    rng = np.random.default_rng(seed)
    value = adjusted_rand(first, second)
    left, labels = (np.unique([str(x) for x in y], return_inverse=True)[1] for y in (first, second))
    rows, columns = np.triu_indices(len(labels), 1)
    joined = left[rows] == left[columns]
    rows, columns = rows[joined], columns[joined]
    # shuffling changes one term of the index alone: the pairs that are together in both
    own, as_good = int((labels[rows] == labels[columns]).sum()), 0
    step = max(1, _AT_ONCE // max(len(rows), 1))
    for begin in range(0, permutations, step):
        count = min(step, permutations - begin)
        block = rng.permuted(np.tile(labels, (count, 1)), axis=1)
        as_good += int(((block[:, rows] == block[:, columns]).sum(axis=1) >= own).sum())
    return Agreement(value, (as_good + 1) / (permutations + 1), permutations)
