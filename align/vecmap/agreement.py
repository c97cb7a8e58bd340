"""Say whether self-learning ends in the same place again: smaller runs with other random draws.

A wrong optimum is one of many, and which of them a run falls into hangs on its draws. A right one
is found again and again. The vectors and the start are the same each time, so runs that agree can
still be wrong together; docs/align.md has how often that was seen.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from align.vecmap.diagnosis import WORDS, translations
from align.vecmap.induce.arrays import AlignmentError, FloatMatrix, Rows
from align.vecmap.induce.blas import one_blas_thread
from align.vecmap.linear import final_maps
from align.vecmap.pairs import PairRows
from align.vecmap.presets import FAST_SCHEDULE, VecMapSettings
from align.vecmap.self_learning import learn
from align.vecmap.sides import Sides, make_inducer

_OTHER_DRAWS = 1_000  # beyond the attempts of any run


def can_be_asked(settings: VecMapSettings) -> bool:
    """Whether a run draws at all: without draws it would only be repeated."""
    return settings.self_learning and settings.keep_initial < 1


def agreement(
    matrices: tuple[FloatMatrix, FloatMatrix],
    settings: VecMapSettings,
    pairs: PairRows | None,
    found: Rows,
    *,
    runs: int,
    seed: int,
    device: str = "cpu",
    threads: int | None = None,
) -> float | None:
    """Mean share of the frequent source words that other runs translate in the same way.

    Each looks at the `WORDS` most frequent words of each side and stops by the fast rule: an
    iteration has a twenty-fifth of the products of one over 20,000 words.

    Args:
        matrices: (N, D) and (M, D) rows of both languages, most frequent first.
        settings: of the run in question.
        pairs: what it started from; None for the profile start.
        found: target row of each frequent source word by the run in question.
        runs: how many others.
        seed: of the run in question.
        device: where searches run.
        threads: on the CPU.

    Returns:
        None where none of the first pairs is among the frequent words, or they determine no map.
    """
    cutoff = min(settings.cutoff or WORDS, WORDS)
    smaller = replace(settings, **{**FAST_SCHEDULE, "cutoff": cutoff})
    sides = Sides(matrices[0][:WORDS], matrices[1][:WORDS], smaller)
    if pairs is not None:
        is_near = (pairs.source < len(sides.heads[0])) & (pairs.target < len(sides.heads[1]))
        pairs = PairRows(pairs.source[is_near], pairs.target[is_near])
        if not is_near.any():
            return None
    start = sides.rotation(pairs if pairs is not None else sides.profile_start(0))
    shares = []
    for run in range(runs):
        inducer = make_inducer(smaller, sides.sizes, device, threads)
        learned = learn(*sides.heads, start, smaller, inducer, (seed, _OTHER_DRAWS + run)).pairs
        try:
            maps = sides.language_maps(final_maps(*sides.rows_of(learned), smaller))
        except AlignmentError:  # such pairs are no translation of anything
            return 0.0
        with one_blas_thread():
            other = translations(*sides.mapped(maps, WORDS)).forward
        shares.append(float(np.mean(other == found)))
    return float(np.mean(shares))
