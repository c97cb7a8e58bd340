"""Two matrices in, one map per side out: the whole method on arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from align.vecmap.agreement import agreement, can_be_asked
from align.vecmap.induce.arrays import AlignmentError, FloatMatrix
from align.vecmap.normalization import check_finite
from align.vecmap.pairs import PairRows, check_pairs
from align.vecmap.presets import VecMapSettings
from align.vecmap.self_learning import Iteration, Keeper, learn
from align.vecmap.sides import Alignment, LanguageMap, Sides, make_inducer, unchanged
from x2static.core.machine.heap import return_freed_memory

__all__ = ["Alignment", "LanguageMap", "Sides", "align_matrices", "make_inducer", "unchanged"]


def align_matrices(
    source: FloatMatrix,
    target: FloatMatrix,
    settings: VecMapSettings,
    pairs: PairRows | None = None,
    *,
    seed: int = 0,
    restarts: int = 2,
    accept_failure: bool = False,
    agreement_runs: int = 0,
    device: str = "cpu",
    threads: int | None = None,
    keeper: Keeper | None = None,
    report: Callable[[Iteration], None] | None = None,
) -> Alignment:
    """Learn one map per side.

    Args:
        source: (N, D) rows of the source language, most frequent first.
        target: (M, D) rows of the target language.
        settings: what to compute; see `preset_settings`.
        pairs: rows of the first pairs; None for an unsupervised start.
        seed: decides the random draws of self-learning.
        restarts: further attempts after an unsupervised run that has failed.
        accept_failure: return the result of a failed run instead of raising.
        agreement_runs: smaller runs with other draws that a self-learned result is compared with.
        device: ``"cpu"`` or a torch device such as ``"cuda"``.
        threads: for self-learning on the CPU; None takes every core.
        keeper: keeps checkpoints of self-learning.
        report: called after each iteration of self-learning.

    Raises:
        AlignmentError: nothing trustworthy can be learned from this.
    """
    for name, matrix in (("source", source), ("target", target)):
        check_finite(matrix, name)
    if source.shape[1] != target.shape[1]:
        raise AlignmentError(
            f"source vectors have width {source.shape[1]}, target vectors {target.shape[1]}: "
            "they must be equal; train both with one width"
        )
    check_dimensions(settings, source.shape[1])
    sides = Sides(source, target, settings)
    if pairs is not None:
        check_pairs(pairs, len(source), len(target))
    if not settings.self_learning:
        if pairs is None:
            raise AlignmentError("without pairs there is nothing to learn from")
        return sides.alignment(pairs, [])
    # An accepted failure is the first attempt's, so that a resumed run ends like an unbroken one.
    last = restarts if pairs is None and not accept_failure else 0
    kept = keeper.load() if keeper else None
    for attempt in range(int(kept["attempt"]) if kept else 0, last + 1):
        start = pairs or sides.profile_start(attempt)
        state = learn(  # its searches hold much memory, so they go before the runs compared with
            *sides.heads,
            sides.rotation(start),
            settings,
            make_inducer(settings, sides.sizes, device, threads),
            (seed, attempt),
            keeper,
            report,
        )
        return_freed_memory()
        found = sides.alignment(state.pairs, state.history, attempt + 1)
        if agreement_runs and can_be_asked(settings):
            again = agreement(
                (source, target),
                settings,
                pairs,
                sides.frequent_matches(found),
                runs=agreement_runs,
                seed=seed,
                device=device,
                threads=threads,
            )
            found = replace(found, diagnosis=replace(found.diagnosis, agreement=again))
        if pairs is not None or accept_failure or not found.diagnosis.has_failed:
            return found
    raise AlignmentError(
        f"self-learning did not converge in {last + 1} attempts ({found.diagnosis}): start from a "
        "dictionary of even 25 pairs, or from words spelled alike (identical)"
    )


def check_dimensions(settings: VecMapSettings, width: int) -> None:
    """Raise `AlignmentError` where more dimensions are to be kept than there are."""
    if settings.dimensions > width:
        raise AlignmentError(f"--dimensions {settings.dimensions} is more than the width {width}")
