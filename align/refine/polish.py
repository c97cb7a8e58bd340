"""Maps learned from pairs, polished by contrast with all frequent words."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from align.refine.contrast import Contrast, contrast_turns
from align.search.held_out import places
from align.search.precision import WORDS
from align.vecmap.alignment import LanguageMap
from align.vecmap.induce.arrays import FloatMatrix
from align.vecmap.pairs import PairRows
from x2static.core.normalize import unit

Maps = tuple[LanguageMap, LanguageMap]


def polished(
    maps: Maps,
    matrices: tuple[FloatMatrix, FloatMatrix],
    pairs: PairRows,
    cutoff: int,
    how: Contrast,
    *,
    is_target_fixed: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Maps:
    """Contrastive steps on both maps, from where they stand.

    Args:
        maps: of the source and of the target.
        matrices: (N, D) and (M, D) rows of both languages, most frequent first.
        pairs: to learn from.
        cutoff: most frequent words per side among which a word must pick its translation.
        how: temperature, rate and steps.
        is_target_fixed: the target's map stays as it is.
        tell: told of each step.
    """
    cutoff = min(cutoff, WORDS)
    looked_at, chosen = [], []
    for one, rows, paired in zip(maps, matrices, pairs, strict=True):
        near = np.union1d(np.arange(min(cutoff, len(rows))), paired)
        looked_at.append(unit(one.apply(rows[near])))
        chosen.append(places(near, paired))
    turns = contrast_turns(
        looked_at[0],
        looked_at[1],
        PairRows(*chosen),
        cutoff,
        how,
        is_target_fixed=is_target_fixed,
        tell=tell,
    )
    source, target = (one.turned(turn) for one, turn in zip(maps, turns, strict=True))
    return source, target
