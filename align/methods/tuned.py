"""Method ``tuned``: a multi-step map with as much whitening as the pairs can bear.

How large the ridge should be, how strong the re-weighting, whether mutual neighbours help, and
whether contrastive polishing from there, depends on the vectors: it is decided on folds of the
dictionary, then all pairs are learned from. The folds hold out words of its rarer half: those that
a user will look up are rarer still. The score that is reported comes from words that had no part in
the choice. A small dictionary, or none, is `align.methods.few`'s.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from align.methods.few import few_pairs_tuning
from align.methods.method import Method
from align.methods.multistep import (
    PUBLISHED,
    TRIAL,
    UNTRIED,
    UNTRIED_START,
    MapChoice,
    MultistepLearner,
    Whitening,
)
from align.problem import Problem, Resources
from align.refine.growth import trial_width
from align.refine.ways import FEW
from align.search.folds import Division, reserve_rare, split_rare
from align.search.held_out import NEAR, HeldOut
from align.search.precision import WORDS, Precision
from align.search.trials import Trials, by_both, by_csls
from align.vecmap.alignment import Alignment
from align.vecmap.induce.arrays import AlignmentError
from align.vecmap.linear import final_maps
from align.vecmap.pairs import PairRows, check_pairs
from x2static.core.scores.intervals import Interval, share_interval, shown

RIDGES = (0.0, 0.1, 0.3, 1.0, 3.0, 10.0)
REWEIGHTS = (0.25, 0.5)
_ENOUGH = 300
"""Held-out words, to choose between maps that find nearly as many."""


class Tuned(Method):
    """Decide on held-out pairs, then learn from all of them."""

    name = "tuned"
    learns_without_pairs = True
    fixed = MappingProxyType(
        {
            "mapping": "multistep",
            "whiten": True,
            "ridge": 0.0,
            "source_reweight": 0.5,
            "target_reweight": 0.5,
            "self_learning": False,
        }
    )
    refusal = "is not for method tuned, which decides on its map itself and learns from its pairs"
    adds_pairs = True
    holds_pairs_out = True

    def learn(self, problem: Problem, resources: Resources) -> Alignment:
        """Choose by the pairs, say what was chosen, learn from the pairs."""
        learner = MultistepLearner(problem, resources)
        pairs = problem.pairs
        if pairs is not None:
            check_pairs(pairs, len(problem.source), len(problem.target))
        if pairs is None or problem.guessed or len(np.unique(pairs.source)) < FEW:
            few = few_pairs_tuning(learner, pairs, resources)
            resources.say(str(few))
            return few.found
        tuning = tune(learner, pairs)
        resources.say(str(tuning))
        found = learner.learn(tuning.choice, learner.taught(tuning.choice, pairs))
        return replace(found, notes={"tuning": tuning.notes()})


@dataclass(frozen=True)
class Tuning:
    """What the held-out pairs decided.

    Attributes:
        choice: the best one.
        chosen_by: CSLS P@1 on the pairs that decided, the best of all choices and so optimistic;
            None where the dictionary was too small to hold any out.
        held_out: the same on pairs that had no part in the choice. A small dictionary has none to
            spare: each fold is then scored with what the other folds choose, before polishing.
        plain: the same of the published multi-step map, None where it cannot be learned.
        words: that `held_out` and `plain` are of.
    """

    choice: MapChoice
    chosen_by: float | None = None
    held_out: float | None = None
    plain: float | None = None
    words: int = 0

    def notes(self) -> dict[str, Any]:
        """JSON-ready."""
        choice = self.choice
        return {
            **choice.whitening._asdict(),
            "bootstrapped": choice.start is not None,
            "start": choice.start and choice.start._asdict(),
            "polished": choice.polished,
            "chosen_by": self.chosen_by,
            "held_back": self.held_out,
            "plain": self.plain,
            "held_back_words": self.words,
            "held_back_interval_95": self._interval(),
        }

    def __str__(self) -> str:
        stated = f"tuned: {self.choice}"
        if self.held_out is None:
            return f"{stated} (too few pairs to hold any out)"
        plain = "none" if self.plain is None else f"{100 * self.plain:.2f}"
        return (
            f"{stated}\ntuned: CSLS P@1 {100 * self.held_out:.2f} {shown(self._interval())} on "
            f"{self.words:,} held-out words, published map {plain}"
        )

    def _interval(self) -> Interval | None:
        return None if self.held_out is None else share_interval(self.held_out, self.words)


def tune(learner: MultistepLearner, pairs: PairRows) -> Tuning:
    """Choose, and say how good the choice is by words kept out of it altogether."""
    kept = reserve_rare(pairs)
    if kept is None:
        return choose(learner, pairs)
    tuning = choose(learner, kept.learned)
    held_out = HeldOut(*learner.problem.matrices, kept.tested, (NEAR, WORDS))
    scores: list[float | None] = []
    for one in (tuning.choice, MapChoice(PUBLISHED)):
        try:
            maps = learner.maps(one, learner.taught(one, kept.learned))
        except AlignmentError:  # too few pairs for the published map
            scores.append(None)
        else:
            scores.append(held_out.precision(*maps).csls)
    words = len(np.unique(kept.tested.source))
    return replace(tuning, held_out=scores[0], plain=scores[1], words=words)


def choose(learner: MultistepLearner, pairs: PairRows) -> Tuning:
    """The best of the grid, then what is still gained beside it.

    Ties go to the smaller ridge, which is nearer to the published map.
    """
    folds = _Folds(learner, pairs)
    if not folds.words:
        return Tuning(MapChoice(UNTRIED, UNTRIED_START))
    can_choose = folds.words >= _ENOUGH
    trials = Trials(folds.scores, by_csls, learner.step)
    _try_whitenings(trials, None)
    start = trials.best.whitening
    if can_choose:
        _try_whitenings(trials, start)
    else:
        trials.run([MapChoice(UNTRIED, start)])
    best, plain = trials.best, MapChoice(PUBLISHED)
    chosen = Tuning(
        best,
        trials.score_of(best).csls,
        trials.cross_fitted().csls,
        trials.score_of(plain).csls if plain in trials.by_fold else None,
        folds.words,
    )
    return _with_polishing(chosen, folds) if can_choose else chosen


def _try_whitenings(trials: Trials[MapChoice], start: Whitening | None) -> None:
    """All ridges, then the other re-weighting with the best of them and the published map."""
    first, second = REWEIGHTS
    tried = [MapChoice(Whitening(ridge, first), start) for ridge in RIDGES]
    trials.run(tried)
    known = [one for one in tried if one in trials.by_fold]
    best = max(known, key=lambda one: trials.score_of(one).csls, default=tried[-1])
    others = dict.fromkeys((best.whitening.ridge, PUBLISHED.ridge))
    trials.run([MapChoice(Whitening(ridge, second), start) for ridge in others])


def _with_polishing(chosen: Tuning, folds: _Folds) -> Tuning:
    """The choice with polishing, if that gains; such steps mostly lift plain cosine."""
    trials = Trials(folds.final_scores, by_both, folds.step)
    trials.run([chosen.choice, replace(chosen.choice, polished=True)])
    if not trials.best.polished:
        return chosen
    return replace(chosen, choice=trials.best, chosen_by=trials.score_of(trials.best).csls)


class _Folds:
    """All divisions of a dictionary, with and without mutual pairs."""

    def __init__(self, learner: MultistepLearner, pairs: PairRows) -> None:
        self._given = [_Fold(learner, division) for division in split_rare(pairs)]
        self._most = trial_width(len(np.unique(pairs.source)))
        self._grown: dict[Whitening, list[_Fold]] = {}
        self.step = learner.step
        self.words = sum(fold.words for fold in self._given)

    def scores(self, choice: MapChoice) -> list[Precision]:
        """Of the map that a whitening learns: fast, and without polishing."""
        return [fold.precision(choice.whitening) for fold in self._of(choice)]

    def final_scores(self, choice: MapChoice) -> list[Precision]:
        """Of the maps that a choice nearly ends with, on the first division."""
        return [next(iter(self._of(choice))).final_precision(choice)]

    def _of(self, choice: MapChoice) -> Iterable[_Fold]:
        start = choice.start
        if start is None:
            return self._given
        if start not in self._grown:
            self._grown[start] = [fold.grown(start, self._most) for fold in self._given]
        return self._grown[start]


class _Fold:
    """One division of the dictionary, with the rows that scoring looks at."""

    def __init__(self, learner: MultistepLearner, division: Division) -> None:
        self._learner, self._division = learner, division
        self._held_out = HeldOut(*learner.problem.matrices, division.tested, (NEAR, WORDS))
        sides = zip(learner.sides.normalizations, self._held_out.rows, strict=True)
        self._normalized = [normalization.apply(rows) for normalization, rows in sides]
        self._rows = learner.sides.rows_of(division.learned)
        self.words = len(np.unique(division.tested.source))

    def grown(self, start: Whitening, most: int) -> _Fold:
        """The same with mutual pairs beside those to learn from."""
        learned = self._learner.grown(start, self._division.learned, most)
        return _Fold(self._learner, self._division._replace(learned=learned))

    def precision(self, whitening: Whitening) -> Precision:
        """P@1 of the map that this whitening learns."""
        maps = final_maps(*self._rows, whitening.applied(self._learner.problem.settings))
        x, z = (
            rows @ matrix.astype(np.float32)
            for rows, matrix in zip(self._normalized, maps, strict=True)
        )
        return self._held_out.precision_of_rows(x, z)

    def final_precision(self, choice: MapChoice) -> Precision:
        """P@1 of the maps of a choice, polished for as long as it takes to see whether it helps."""
        maps = self._learner.maps(choice, self._division.learned, TRIAL)
        return self._held_out.precision(*maps)
