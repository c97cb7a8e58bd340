"""Agglomerative clustering: merge the two nearest groups until one is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Linkage = Literal["average", "complete", "single"]


@dataclass(frozen=True)
class Merge:
    """Two groups become one; groups 0 to L - 1 are the languages, merge m makes group L + m."""

    first: int
    second: int
    height: float
    size: int


def merges_of(distances: NDArray[np.float64], linkage: Linkage = "average") -> list[Merge]:
    """The L - 1 merges, lowest first; of equal distances the one of the earliest rows.

    Args:
        distances: (L, L) symmetric, without NaN.
        linkage: distance of two groups: mean, largest or smallest of their members' distances.
    """
    size = len(distances)
    table = np.array(distances, dtype=np.float64)
    np.fill_diagonal(table, np.inf)
    numbers, sizes = list(range(size)), [1] * size
    found: list[Merge] = []
    for step in range(size - 1):
        row, column = divmod(int(table.argmin()), size)
        row, column = min(row, column), max(row, column)
        height = float(table[row, column])
        weights = np.array([sizes[row], sizes[column]], dtype=np.float64)
        both = table[[row, column]]
        if linkage == "average":
            line = weights @ both / weights.sum()
        else:
            line = both.max(axis=0) if linkage == "complete" else both.min(axis=0)
        line[[row, column]] = np.inf
        table[row], table[:, row] = line, line
        table[column], table[:, column] = np.inf, np.inf
        sizes[row] += sizes[column]
        pair = sorted((numbers[row], numbers[column]))
        found.append(Merge(pair[0], pair[1], height, sizes[row]))
        numbers[row] = size + step
    return found


def cut(merges: Sequence[Merge], languages: int, groups: int) -> list[int]:
    """(L,) group of each language when so many groups are left, numbered by first appearance."""
    members: dict[int, list[int]] = {row: [row] for row in range(languages)}
    for step, merge in enumerate(merges[: languages - groups]):
        members[languages + step] = members.pop(merge.first) + members.pop(merge.second)
    labels = [0] * languages
    for number, rows in enumerate(sorted(members.values(), key=min)):
        for row in rows:
            labels[row] = number
    return labels


def leaf_order(merges: Sequence[Merge], languages: int) -> list[int]:
    """The languages from left to right, so that no branches of the tree cross."""
    members: dict[int, list[int]] = {row: [row] for row in range(languages)}
    for step, merge in enumerate(merges):
        halves = sorted((members.pop(merge.first), members.pop(merge.second)), key=min)
        members[languages + step] = halves[0] + halves[1]
    return next(iter(members.values()))
