"""What a result is worth: signs without a dictionary, and scores on held-out pairs."""

from __future__ import annotations

from typing import Any

from align.config import AlignConfig
from align.judging.trust import Trust
from align.problem import Problem
from align.search.held_out import HeldOut
from align.search.precision import WORDS, Precision
from align.vecmap.alignment import Alignment, unchanged
from x2static.core.messages import warn
from x2static.core.rejection import rejection


def verdict_on(found: Alignment, config: AlignConfig, problem: Problem) -> dict[str, Any]:
    """All that is known of a result, JSON-ready; warns of what speaks against it."""
    trust = Trust(config, problem)
    verdict: dict[str, Any] = {
        "aligned": True,
        "mutual_rate": found.diagnosis.mutual_rate,
        "found_again": found.diagnosis.found_again,
        "mean_cosine": found.diagnosis.mean_cosine,
        "lift": found.diagnosis.lift,
        "agreement": found.diagnosis.agreement,
        "judged_by": trust.judged_by(found),
        "failed": trust.doubt(found) is not None,
        "attempts": found.attempts,
        "final_pairs": len(found.pairs.source),
        **found.notes,
    }
    if found.history:
        verdict["iterations"] = len(found.history)
        verdict["objective"] = found.history[-1].objective
    if problem.held_out is not None:
        # Only the rows that are looked at are mapped.
        held_out = HeldOut(*problem.matrices, problem.held_out, (WORDS, WORDS))
        verdict |= _scores(found, config, held_out)
        if not verdict["aligned"]:
            warn(rejection({"result": verdict}))
    return verdict


def _scores(found: Alignment, config: AlignConfig, held_out: HeldOut) -> dict[str, Any]:
    """Of the maps; with ``--choice auto`` also of the vectors as they are, and which are better."""
    aligned = held_out.precision(found.source, found.target)
    scores = _with_interval("validation", aligned)
    if aligned.doubt:
        warn(f"{config.validation}: {aligned.doubt}")
    if config.choice == "auto":
        same = unchanged(len(found.source.matrix))
        unaligned = held_out.precision(same, same)
        scores |= _with_interval("validation_unaligned", unaligned)
        scores["aligned"] = aligned.csls >= unaligned.csls
    return scores


def _with_interval(name: str, score: Precision) -> dict[str, Any]:
    return {name: score._asdict(), f"{name}_interval_95": score.intervals()}
