"""Pairs as row numbers: what every map is learned from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from align.vecmap.induce.arrays import AlignmentError, Rows
from align.vecmap.induce.induction import Induction
from align.vecmap.presets import Direction


class PairRows(NamedTuple):
    """Row of the source and row of the target of each pair; a repeated pair counts as often."""

    source: Rows
    target: Rows


def pairs_of(found: Induction, direction: Direction) -> PairRows:
    """The matches as pairs: one side's, or both lists, so that mutual matches count twice."""
    forward = PairRows(np.arange(len(found.forward)), found.forward)
    backward = PairRows(found.backward, np.arange(len(found.backward)))
    if direction == "forward":
        return forward
    if direction == "backward":
        return backward
    return PairRows(*(np.concatenate(both) for both in zip(forward, backward, strict=True)))


def mutual_pairs(found: Induction) -> PairRows:
    """The pairs whose words choose each other."""
    rows = np.arange(len(found.forward))
    is_mutual = found.backward[found.forward] == rows
    return PairRows(rows[is_mutual], found.forward[is_mutual])


def objective_of(found: Induction, direction: Direction) -> float:
    """Mean largest cosine of the words that looked for a match."""
    if direction == "forward":
        return found.forward_objective
    if direction == "backward":
        return found.backward_objective
    return (found.forward_objective + found.backward_objective) / 2


def check_pairs(pairs: PairRows, num_source: int, num_target: int) -> None:
    """Raise `AlignmentError` for no pairs, or for rows that do not exist."""
    if len(pairs.source) == 0 or len(pairs.source) != len(pairs.target):
        raise AlignmentError(
            f"no pairs to learn from: {len(pairs.source)} source, {len(pairs.target)} target rows"
        )
    sizes = (num_source, num_target)
    for rows, size, side in zip(pairs, sizes, ("source", "target"), strict=True):
        if rows.min() < 0 or rows.max() >= size:
            bad = int(rows.max() if rows.max() >= size else rows.min())
            raise AlignmentError(f"pair refers to {side} row {bad}, but there are {size} rows")
