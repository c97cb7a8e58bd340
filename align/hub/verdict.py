"""Whether a spoke is better off aligned or as it is, by pairs that no map has seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from align.search.folds import split
from align.search.held_out import HeldOut
from align.search.precision import WORDS, Precision, mean_precision
from align.vecmap.alignment import LanguageMap, unchanged
from align.vecmap.induce.arrays import FloatMatrix
from align.vecmap.pairs import PairRows

Learn = Callable[[PairRows], LanguageMap]


@dataclass(frozen=True)
class Verdict:
    """Scores of the same pairs, with the map and without.

    Attributes:
        aligned: P@1 of the mapped spoke in the hub's space.
        unaligned: P@1 of the spoke as it is.
    """

    aligned: Precision
    unaligned: Precision

    @property
    def for_map(self) -> bool:
        """True where the map is worth having; a draw goes to the map."""
        return self.aligned.csls >= self.unaligned.csls

    def notes(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "held_back": self.aligned._asdict(),
            "held_back_unaligned": self.unaligned._asdict(),
            "held_back_interval_95": self.aligned.intervals(),
            "held_back_unaligned_interval_95": self.unaligned.intervals(),
        }


def on_validation(
    mapped: LanguageMap, source: FloatMatrix, target: FloatMatrix, tested: PairRows
) -> Verdict:
    """By the pairs of a validation file; only the rows that count are mapped."""
    same, held = unchanged(target.shape[1]), HeldOut(source, target, tested, (WORDS, WORDS))
    return Verdict(held.precision(mapped, same), held.precision(same, same))


def verdict_of(tuning: dict[str, Any]) -> Verdict | None:
    """What tuning has found out on its way; None if it could hold nothing out."""
    aligned, before = tuning["held_back"], tuning["unaligned"]
    return Verdict(Precision(**aligned), Precision(**before)) if aligned and before else None


def on_folds(
    learn: Learn, source: FloatMatrix, target: FloatMatrix, pairs: PairRows
) -> Verdict | None:
    """By parts of the dictionary, the map learned anew from the rest; None for a tiny one."""
    same = unchanged(target.shape[1])
    scores = []
    for learned, tested in split(pairs):
        held = HeldOut(source, target, tested)
        scores.append((held.precision(learn(learned), same), held.precision(same, same)))
    if not scores:
        return None
    return Verdict(*(mean_precision([both[side] for both in scores]) for side in (0, 1)))
