"""Multi-step map with as much whitening as the pairs can bear, judged on pairs held back from it.

Whitening by (X'X)^(-1/2) lifts the directions that the pairs hardly span, and with them the noise
of vectors from a small corpus. A ridge under the eigenvalues (regularised canonical correlation,
Vinod 1976) puts an end to that: (X'X + r t I)^(-1/2), t the mean eigenvalue. How large r should be,
how strong the re-weighting, whether mutual neighbours help, and whether contrastive polishing from
there, depends on the vectors: it is decided on folds of the dictionary, then all pairs are learned
from. The folds hold back words of its rarer half: those that a user will look up are rarer still.
The score that is reported comes from words that had no part in the choice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from align.bootstrap import extended, trial_width, widths_from
from align.contrast import Contrast
from align.held_back import NEAR, Division, HeldBack, cross_fitted, reserve_rare, split_rare
from align.polish import polished
from align.validation import WORDS, Precision, mean_precision
from align.vecmap.alignment import Alignment, Sides, align_matrices
from align.vecmap.arrays import AlignmentError, FloatMatrix
from align.vecmap.linear import final_maps
from align.vecmap.pairs import PairRows, check_pairs
from align.vecmap.presets import VecMapSettings
from x2static.core.intervals import Interval, share_interval, shown

RIDGES = (0.0, 0.1, 0.3, 1.0, 3.0, 10.0)
REWEIGHTS = (0.25, 0.5)

Say = Callable[[str], None]


class Whitening(NamedTuple):
    """How far a multi-step map whitens.

    Attributes:
        ridge: under the eigenvalues, times their mean.
        reweight: exponent of the re-weighting, both sides.
    """

    ridge: float
    reweight: float

    def applied(self, settings: VecMapSettings) -> VecMapSettings:
        """The settings with these choices."""
        return replace(
            settings, mapping="multistep", whiten=True, ridge=self.ridge,
            source_reweight=self.reweight, target_reweight=self.reweight,
        )  # fmt: skip


PUBLISHED = Whitening(0.0, 0.5)
GRID = [Whitening(ridge, reweight) for ridge in RIDGES for reweight in REWEIGHTS]
UNTRIED, UNTRIED_START = Whitening(0.1, 0.25), Whitening(1.0, 0.25)
"""For a dictionary too small to decide by; mutual pairs bear the smaller ridge."""
_ENOUGH = 300
"""Held-back words, to choose between maps that find nearly as many."""


@dataclass(frozen=True)
class Tuning:
    """What the held-back pairs decided.

    Attributes:
        whitening: of the map.
        start: whitening of the maps by which mutual pairs are added to the dictionary first; None
            where none are.
        polished: whether both maps are then polished contrastively.
        chosen_by: CSLS P@1 on the pairs that decided, the best of all choices and so optimistic;
            None where the dictionary was too small to hold any back.
        held_back: the same on pairs that had no part in the choice. A small dictionary has none to
            spare: each fold is then scored with what the other folds choose, but for polishing,
            which all of them decide.
        plain: the same of the published multi-step map, None where it cannot be learned.
        words: that `held_back` and `plain` are of.
    """

    whitening: Whitening
    start: Whitening | None = None
    polished: bool = False
    chosen_by: float | None = None
    held_back: float | None = None
    plain: float | None = None
    words: int = 0

    def notes(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            **self.whitening._asdict(),
            "bootstrapped": self.start is not None,
            "start": self.start and self.start._asdict(),
            "polished": self.polished,
            "chosen_by": self.chosen_by,
            "held_back": self.held_back,
            "plain": self.plain,
            "held_back_words": self.words,
            "held_back_interval_95": self._interval(),
        }

    def __str__(self) -> str:
        whitening = self.whitening
        stated = f"tuned: ridge {whitening.ridge:g}, re-weighting {whitening.reweight:g}, "
        stated += "without mutual pairs" if self.start is None else "with mutual pairs"
        stated += ", polished" if self.polished else ""
        if self.held_back is None:
            return f"{stated} (too few pairs to hold any back)"
        plain = "none" if self.plain is None else f"{100 * self.plain:.2f}"
        return (
            f"{stated}: CSLS P@1 {100 * self.held_back:.2f} {shown(self._interval())} on "
            f"{self.words:,} held-back words, published map {plain}"
        )

    def _interval(self) -> Interval | None:
        return None if self.held_back is None else share_interval(self.held_back, self.words)


def tuned(
    source: FloatMatrix,
    target: FloatMatrix,
    settings: VecMapSettings,
    pairs: PairRows,
    *,
    rounds: int,
    say: Say,
    threads: int | None = None,
    device: str = "cpu",
) -> Alignment:
    """Decide on held-back pairs, then learn from all of them.

    Args:
        source: (N, D) rows of the source language.
        target: (M, D) rows of the target language.
        settings: normalisation, de-whitening and dimensions; cutoff and CSLS of the words that may
            be added.
        pairs: the dictionary.
        rounds: of adding mutual neighbours among all words of the cutoff.
        say: told what was decided.
        threads: for the search on the CPU.
        device: where the search runs.
    """
    check_pairs(pairs, len(source), len(target))
    learner = Learner(source, target, settings, rounds, threads, device)
    choice = decide(learner, pairs)
    say(str(choice))
    found = learner.learn(choice, learner.taught(choice, pairs))
    return replace(found, notes={"tuning": choice.notes()})


class Learner:
    """Makes maps from pairs by any choice."""

    def __init__(
        self,
        source: FloatMatrix,
        target: FloatMatrix,
        settings: VecMapSettings,
        rounds: int,
        threads: int | None,
        device: str,
    ) -> None:
        """Keep both languages; arguments as for `tuned`."""
        self.matrices = (source, target)
        self.settings = settings
        self.sides = Sides(source, target, settings)
        self.cutoff = settings.cutoff or max(len(source), len(target))
        self._rounds, self._threads, self._device = rounds, threads, device

    def grown(self, start: Whitening, given: PairRows, most: int) -> PairRows:
        """The given pairs and those that both languages agree on, among ``most`` words per side."""
        applied = start.applied(self.settings)
        maps = self.sides.language_maps(final_maps(*self.sides.rows_of(given), applied))
        widths = widths_from(len(np.unique(given.source)), min(most, self.cutoff), self._rounds)
        return extended(
            self.sides, applied, given, maps, widths, say=_silent, threads=self._threads,
            device=self._device,
        )  # fmt: skip

    def taught(self, choice: Tuning, given: PairRows) -> PairRows:
        """The pairs that a choice learns from: the given ones, with those that it adds."""
        return given if choice.start is None else self.grown(choice.start, given, self.cutoff)

    def learn(self, choice: Tuning, pairs: PairRows) -> Alignment:
        """Both maps; the pairs are those that are to be learned from, with all that were added."""
        applied = choice.whitening.applied(self.settings)
        found = align_matrices(*self.matrices, applied, pairs)
        if not choice.polished:
            return found
        maps = found.source, found.target
        first, second = polished(maps, self.matrices, pairs, self.cutoff, Contrast())
        diagnosis = self.sides.diagnosis(first, second)
        return replace(found, source=first, target=second, diagnosis=diagnosis)


def decide(learner: Learner, pairs: PairRows) -> Tuning:
    """Choose, and say how good the choice is by words kept out of it altogether."""
    kept = reserve_rare(pairs)
    if kept is None:
        return choose(learner, pairs)
    choice = choose(learner, kept.learned)
    held = HeldBack(*learner.matrices, kept.tested, (NEAR, WORDS))
    scores: list[float | None] = []
    for one in (choice, Tuning(PUBLISHED)):
        try:
            found = learner.learn(one, learner.taught(one, kept.learned))
        except AlignmentError:  # too few pairs for the published map
            scores.append(None)
        else:
            scores.append(held.precision(found.source, found.target).csls)
    words = len(np.unique(kept.tested.source))
    return replace(choice, held_back=scores[0], plain=scores[1], words=words)


def choose(learner: Learner, pairs: PairRows) -> Tuning:
    """The best of the grid, then what is still gained beside it.

    Ties go to the smaller ridge, which is nearer to the published map.
    """
    folds = [_Fold(learner, division) for division in split_rare(pairs)]
    if not folds:
        return Tuning(UNTRIED, UNTRIED_START)
    tried = _grid(folds, GRID)
    if not tried:
        raise AlignmentError("no map can be learned from these pairs: give more, or others")
    scores = {whitening: float(np.mean(found)) for whitening, found in tried.items()}
    best, plain = max(scores, key=lambda one: scores[one]), scores.get(PUBLISHED)
    words = sum(fold.words for fold in folds)
    chosen = Tuning(best, chosen_by=scores[best], plain=plain, words=words)
    most = trial_width(len(np.unique(pairs.source)))
    grown = [fold.grown(best, most) for fold in folds]
    can_choose = words >= _ENOUGH
    tried_again = _grid(grown, GRID if can_choose else [UNTRIED])
    more = {whitening: float(np.mean(found)) for whitening, found in tried_again.items()}
    if more and max(more.values()) > scores[best]:
        folds, whitening = grown, max(more, key=lambda one: more[one])
        chosen = replace(chosen, whitening=whitening, start=best, chosen_by=more[whitening])
    chosen = replace(chosen, held_back=cross_fitted([*tried.values(), *tried_again.values()]))
    return _with_polishing(chosen, folds) if can_choose else chosen


def _with_polishing(chosen: Tuning, folds: list[_Fold]) -> Tuning:
    """The choice with polishing, if that gains; such steps mostly lift plain cosine."""
    before, after = (
        mean_precision([fold.precision_of(replace(chosen, polished=how)) for fold in folds])
        for how in (False, True)
    )
    # Plain cosine is what the vectors are often used with, so both count.
    if after.csls + after.nearest <= before.csls + before.nearest:
        return chosen
    return replace(chosen, polished=True, chosen_by=after.csls, held_back=after.csls)


class _Fold:
    """One division of the dictionary, with the rows that scoring looks at."""

    def __init__(self, learner: Learner, division: Division) -> None:
        self._learner, self._division = learner, division
        self._held = HeldBack(*learner.matrices, division.tested, (NEAR, WORDS))
        self._normalized = tuple(
            normalization.apply(rows)
            for normalization, rows in zip(
                learner.sides.normalizations, self._held.rows, strict=True
            )
        )
        self._rows = learner.sides.rows_of(division.learned)
        self.words = len(np.unique(division.tested.source))

    def grown(self, start: Whitening, most: int) -> _Fold:
        """The same with mutual pairs beside those to learn from."""
        learned = self._learner.grown(start, self._division.learned, most)
        return _Fold(self._learner, self._division._replace(learned=learned))

    def precision(self, whitening: Whitening) -> float:
        """CSLS P@1 of the map that these settings learn."""
        maps = final_maps(*self._rows, whitening.applied(self._learner.settings))
        x, z = (
            rows @ matrix.astype(np.float32)
            for rows, matrix in zip(self._normalized, maps, strict=True)
        )
        return self._held.precision_of_rows(x, z).csls

    def precision_of(self, choice: Tuning) -> Precision:
        """P@1 of the maps of a choice."""
        found = self._learner.learn(choice, self._division.learned)
        return self._held.precision(found.source, found.target)


def _grid(folds: list[_Fold], grid: list[Whitening]) -> dict[Whitening, list[float]]:
    """CSLS P@1 of each whitening, fold by fold."""
    scores: dict[Whitening, list[float]] = {}
    for whitening in grid:
        try:
            scores[whitening] = [fold.precision(whitening) for fold in folds]
        except AlignmentError:  # too few pairs for a map without a ridge
            continue
    return scores


def _silent(_: str) -> None:
    """What the trial runs say is of no interest."""
