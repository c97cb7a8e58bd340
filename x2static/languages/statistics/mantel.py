"""Mantel's test: is a correlation of matrices larger than under shuffled languages?

The pairs of a matrix are not independent, since a language has a part in many of them. So the
languages of one matrix are shuffled, rows and columns alike, and the correlation is looked at
again. Where there are no more permutations than asked for, all of them are gone through.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from x2static.languages.statistics.correlation import Kind, Values, correlation, of_kind

Cells = tuple[NDArray[np.int64], NDArray[np.int64]]
_AT_ONCE = 1 << 21
_SLACK = 1e-9


def mantel(
    distances: Values, y: Values, cells: Cells, kind: Kind, permutations: int, seed: int
) -> float:
    """Two-sided p of the correlation of a matrix with the values of some cells.

    Args:
        distances: (L, L) symmetric; its languages are shuffled.
        y: (P,) what the cells hold in the other matrix.
        cells: rows and columns of these cells.
        kind: Pearson's, or Spearman's over the ranks of all pairs.
        permutations: shuffles.
        seed: of the shuffles.
    """
    table, held = ranked(distances, kind), of_kind(y, kind)
    own = abs(float(correlation(table[cells], held)[0]))
    if math.isnan(own):
        return math.nan
    counts = [
        (np.abs(correlation(x, held[None])) >= own - _SLACK).sum()
        for x in _shuffled(table, cells, permutations, seed)
    ]
    return _p(int(sum(counts)), len(distances), permutations)


def partial_mantel(
    distances: Values,
    y: Values,
    control: Values,
    cells: Cells,
    kind: Kind,
    permutations: int,
    seed: int,
) -> tuple[float, float]:
    """Partial correlation with the control's part taken out of both, and its two-sided p.

    The languages of ``distances`` are shuffled; ``y`` and ``control`` stay together (Legendre's
    first method).

    Args:
        distances: (L, L) symmetric.
        y: (P,) values of the cells in the other matrix.
        control: (L, L) symmetric.
        cells: rows and columns of the cells.
        kind: Pearson's or Spearman's.
        permutations: shuffles.
        seed: of the shuffles.
    """
    table, held = ranked(distances, kind), of_kind(y, kind)
    third = ranked(control, kind)[cells]
    fixed = float(correlation(held, third)[0])

    def partial(x: Values) -> Values:
        with_y, with_z = correlation(x, held[None]), correlation(x, third[None])
        rest = (1 - with_z**2) * (1 - fixed**2)
        found: Values = np.divide(
            with_y - with_z * fixed,
            np.sqrt(np.maximum(rest, 0)),
            out=np.full_like(with_y, np.nan),
            where=rest > 1e-12,
        )
        return found

    own = float(partial(table[cells][None])[0])
    if math.isnan(own):
        return math.nan, math.nan
    counts = [
        (np.abs(partial(x)) >= abs(own) - _SLACK).sum()
        for x in _shuffled(table, cells, permutations, seed)
    ]
    return own, _p(int(sum(counts)), len(distances), permutations)


def ranked(distances: Values, kind: Kind) -> Values:
    """The matrix, or that of the ranks of its pairs."""
    if kind == "pearson":
        return distances
    found = np.array(distances)
    upper = np.triu_indices(len(distances), 1)
    found[upper] = of_kind(distances[upper], kind)
    found.T[upper] = found[upper]
    return found


def is_exhaustive(languages: int, permutations: int) -> bool:
    """Whether all permutations are gone through."""
    return languages < 12 and math.factorial(languages) <= permutations


def _shuffled(table: Values, cells: Cells, permutations: int, seed: int) -> Iterator[Values]:
    """(B, P) the cells of shuffled matrices, a block at a time."""
    step = max(1, _AT_ONCE // max(len(cells[0]), 1))
    size = len(table)
    if is_exhaustive(size, permutations):
        orders = itertools.permutations(range(size))
        while some := list(itertools.islice(orders, step)):
            block = np.array(some)
            yield table[block[:, cells[0]], block[:, cells[1]]]
        return
    rng = np.random.default_rng(seed)
    for first in range(0, permutations, step):
        count = min(step, permutations - first)
        block = rng.permuted(np.tile(np.arange(size), (count, 1)), axis=1)
        yield table[block[:, cells[0]], block[:, cells[1]]]


def _p(as_large: int, languages: int, permutations: int) -> float:
    if is_exhaustive(languages, permutations):
        return as_large / math.factorial(languages)
    return (as_large + 1) / (permutations + 1)
