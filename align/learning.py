"""From two languages and settings to maps: the methods behind one function."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from align.bootstrap import bootstrap
from align.config import Method
from align.rcsls import rcsls_maps
from align.tuned import tuned
from align.vecmap.alignment import Alignment, Sides, align_matrices
from align.vecmap.arrays import AlignmentError, FloatMatrix
from align.vecmap.pairs import PairRows
from align.vecmap.presets import VecMapSettings
from align.vecmap.self_learning import Iteration, Keeper


def learn_maps(
    method: Method,
    source: FloatMatrix,
    target: FloatMatrix,
    settings: VecMapSettings,
    pairs: PairRows | None,
    *,
    rounds: int = 4,
    seed: int = 0,
    restarts: int = 2,
    accept_failure: bool = False,
    agreement_runs: int = 0,
    device: str = "cpu",
    threads: int | None = None,
    keeper: Keeper | None = None,
    report: Callable[[Iteration], None] | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Alignment:
    """Learn one map per side.

    Args:
        method: ``vecmap``, or what builds upon it.
        source: (N, D) rows of the source language, most frequent first.
        target: (M, D) rows of the target language.
        settings: of the VecMap family; the other methods share its normalisation and cutoff.
        pairs: first pairs; None for an unsupervised start.
        rounds: of ``bootstrap`` and ``tuned``.
        seed: of the random draws.
        restarts: after failed unsupervised runs.
        accept_failure: return a failed run's result.
        agreement_runs: smaller runs with other draws that a self-learned result is compared with.
        device: where searches run.
        threads: on the CPU; None takes every core.
        keeper: of checkpoints.
        report: called after each iteration of self-learning.
        say: told a line now and then.
    """
    if method == "rcsls":
        return _rcsls(source, target, settings, pairs, say)
    if method == "tuned":
        if pairs is None:
            raise AlignmentError("tuned learns from pairs: give a dictionary, or --seeds identical")
        return tuned(
            source, target, settings, pairs, rounds=rounds, say=say, threads=threads, device=device
        )
    found = align_matrices(
        source, target, settings, pairs, seed=seed, restarts=restarts,
        accept_failure=accept_failure, agreement_runs=agreement_runs, device=device,
        threads=threads, keeper=keeper, report=report,
    )  # fmt: skip
    if method == "vecmap":
        return found
    given = pairs or PairRows(np.zeros(0, np.int64), np.zeros(0, np.int64))
    return bootstrap(
        source, target, settings, given, found, rounds=rounds,
        cutoff=settings.cutoff or max(len(source), len(target)), say=say, threads=threads,
        device=device,
    )  # fmt: skip


def _rcsls(
    source: FloatMatrix,
    target: FloatMatrix,
    settings: VecMapSettings,
    pairs: PairRows | None,
    say: Callable[[str], None],
) -> Alignment:
    if pairs is None:
        raise AlignmentError("rcsls learns from pairs: give a dictionary, or --seeds identical")
    sides = Sides(source, target, settings)
    size = settings.cutoff or None
    heads = sides.normalized(size)
    maps = rcsls_maps(*sides.rows_of(pairs), *heads, neighbors=settings.csls or 1, say=say)
    first, second = sides.language_maps(maps)
    return Alignment(first, second, pairs, sides.diagnosis(first, second))
