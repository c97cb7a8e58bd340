"""The hub's ``tuned``: the spoke's map that finds most of its held-out pairs, in the hub's space.

The pairwise `tuned` maps both languages and re-weights directions on both sides; beside a hub that
must not move, the spoke's matrix has to carry everything. What suits depends on the vectors: where
one teacher has brought the languages together already, a map close to none at all; where nothing
has, a map close to a rotation. Folds of the dictionary decide; the vectors as they are compete,
too.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from align.methods.into_hub import into_hub
from align.methods.leaning import Leaning, Prior, leaning_matrix, products_of
from align.methods.method import Method
from align.methods.multistep import UNTRIED as UNTRIED_MAP
from align.methods.multistep import UNTRIED_START, MultistepLearner
from align.problem import Problem, Resources
from align.refine.contrast import Contrast
from align.refine.growth import trial_width
from align.refine.polish import polished
from align.refine.ways import FEW, TRIAL_WORDS, Way, Ways, best_of
from align.search.folds import Division, split
from align.search.held_out import HeldOut
from align.search.precision import Precision, mean_precision
from align.search.trials import Trials, by_csls_then_nearest
from align.vecmap.alignment import Alignment, LanguageMap, unchanged
from align.vecmap.diagnosis import Diagnosis
from align.vecmap.pairs import PairRows, check_pairs

ROTATION = Leaning("rotation", None)
PRIORS: tuple[Prior, ...] = ("rotation", "identity")
RIDGES = (None, 10.0, 3.0, 1.0, 0.3, 0.1)
SHARES = (0.5, 0.0)
MUTUAL_RIDGES = (1.0, None)
UNTRIED = Leaning("rotation", 10.0)
"""For a dictionary too small to hold any of it out."""
_ENOUGH = 1_600
_ROUNDS = 2
_FEW = 300
"""Words of a dictionary that teach too little to polish by."""
_WORDS = 10_000
"""Most frequent words per side that may be added; a word must pick its translation out of them."""
_POLISHING = Contrast(rate=0.002)


class HubTuned(Method):
    """Decide on held-out pairs, then learn from all of them; the hub's map is none."""

    name = "tuned"
    holds_pairs_out = True
    whole_matrix = False  # with few pairs it leans on its prior

    def learn(self, problem: Problem, resources: Resources) -> Alignment:
        """Choose by the pairs, say what was chosen, learn from the pairs."""
        pairs = self.required_pairs(problem)
        check_pairs(pairs, len(problem.source), len(problem.target))
        learner = SpokeLearner(problem, resources)
        if len(np.unique(pairs.source)) < FEW:
            learner.find_way(pairs, resources)
        tuning = choose(learner, pairs)
        resources.say(f"{tuning}{learner.ways_gone}")
        mapped, learned = learner.learn(tuning.recipe, pairs)
        diagnosis = learner.diagnosis(mapped)
        way = learner.way if tuning.recipe.bootstrapped else None
        notes = {"tuning": {**tuning.notes(), "way": way}}
        return Alignment(mapped, unchanged(problem.width), learned, diagnosis, notes=notes)


@dataclass(frozen=True)
class SpokeTuning:
    """What the held-out pairs decided.

    Attributes:
        recipe: the best one.
        chosen_by: its P@1 on the pairs that decided, the best of all recipes and so optimistic;
            None where none could be held out.
        held_out: P@1 with each fold scored by the recipe that is best on the other folds.
        unaligned: P@1 of the vectors as they are, on the same pairs.
        rotation: the same of the rotation alone.
    """

    recipe: Leaning
    chosen_by: Precision | None = None
    held_out: Precision | None = None
    unaligned: Precision | None = None
    rotation: Precision | None = None

    def notes(self) -> dict[str, Any]:
        """JSON-ready."""
        scores = (self.chosen_by, self.held_out, self.unaligned, self.rotation)
        names = ("chosen_by", "held_back", "unaligned", "rotation")
        return {
            **asdict(self.recipe),
            **{name: score and score._asdict() for name, score in zip(names, scores, strict=True)},
        }

    def __str__(self) -> str:
        if self.held_out is None or self.unaligned is None or self.rotation is None:
            return f"tuned: {self.recipe} (too few pairs to hold any out)"
        return (
            f"tuned: {self.recipe}\ntuned: CSLS P@1 {self.held_out.csls_shown} on "
            f"{self.held_out.words:,} held-out words, "
            f"the rotation alone {100 * self.rotation.csls:.2f}, "
            f"unaligned {100 * self.unaligned.csls:.2f}"
        )


class SpokeLearner:
    """Makes a spoke's map from pairs by any recipe."""

    def __init__(self, problem: Problem, resources: Resources) -> None:
        """Keep both languages.

        Args:
            problem: spoke and hub, the cutoff of words that may be added.
            resources: for the searches.
        """
        self.matrices = problem.matrices
        self._cutoff = min(problem.cutoff, _WORDS)
        within = replace(problem.settings, cutoff=self._cutoff)
        self._both = MultistepLearner(replace(problem, settings=within, rounds=_ROUNDS), resources)
        self._ways: Ways | None = None
        self.way: Way = "growth"
        self.ways_gone = ""
        self.divisions: list[Division] = []
        self._found: dict[tuple[bytes, bytes, int], PairRows] = {}
        self.hub, self.step = unchanged(problem.width), resources.step

    def find_way(self, pairs: PairRows, resources: Resources) -> None:
        """Try how a few pairs lead to more; that way is gone from now on."""
        problem = self._both.problem
        applied = [one.applied(problem.settings) for one in (UNTRIED_MAP, UNTRIED_START)]
        self._ways = Ways(problem, applied[0], applied[1], resources)
        gone = self._ways.from_pairs(pairs)
        best = best_of(gone)
        self.way, self.divisions = best.way, self._ways.divisions(pairs)
        for division, run in zip(self.divisions, best.runs, strict=False):
            self._found[self._key(division.learned, TRIAL_WORDS)] = run
        self.ways_gone = "".join(f"\ntuned: tried {way}" for way in gone)

    def learn(
        self, recipe: Leaning, given: PairRows, most: int = _WORDS
    ) -> tuple[LanguageMap, PairRows]:
        """The map, and the pairs it was learned from; ``most`` words per side may be added."""
        pairs = self._grown(given, most) if recipe.bootstrapped else given
        mapped = self._solved(recipe, pairs)
        return (self._polished(mapped, pairs) if recipe.polished else mapped), pairs

    def diagnosis(self, mapped: LanguageMap) -> Diagnosis:
        """How the most frequent words look beside the hub's."""
        return self._both.sides.diagnosis(mapped, self.hub)

    def _grown(self, given: PairRows, most: int) -> PairRows:
        """With mutual pairs, found by maps of both languages: these carry a few words further."""
        key = self._key(given, most)
        if key not in self._found:
            if self._ways is None or self.way == "growth":
                self._found[key] = self._both.grown(UNTRIED_START, given, most)
            else:
                self._found[key] = self._ways.go(self.way, given, given, most)
        return self._found[key]

    @staticmethod
    def _key(given: PairRows, most: int) -> tuple[bytes, bytes, int]:
        return given.source.tobytes(), given.target.tobytes(), most

    def _solved(self, recipe: Leaning, pairs: PairRows) -> LanguageMap:
        products = products_of(*self._both.sides.rows_of(pairs))
        matrix = leaning_matrix(products, recipe.prior, recipe.ridge).astype(np.float32)
        first, second = self._both.sides.normalizations
        return into_hub((first, second), matrix, self.matrices, recipe.mean)

    def _polished(self, mapped: LanguageMap, pairs: PairRows) -> LanguageMap:
        maps = (mapped, self.hub)
        spoke, _ = polished(
            maps,
            self.matrices,
            pairs,
            self._cutoff,
            _POLISHING,
            is_target_fixed=True,
            tell=self.step,
        )
        return spoke


def choose(learner: SpokeLearner, pairs: PairRows) -> SpokeTuning:
    """The best of the grid, then what is still gained beside it.

    Ties go to the rotation and to the larger ridge: the map that claims less.
    """
    divisions = learner.divisions or split(pairs, _ENOUGH, least=2)
    if not divisions:
        return SpokeTuning(UNTRIED)
    words = len(np.unique(pairs.source))
    folds = _Folds(learner, divisions, trial_width(words))
    trials = Trials(folds.scores, by_csls_then_nearest, learner.step)
    trials.run([Leaning(prior, ridge) for prior in PRIORS for ridge in RIDGES])
    trials.run([replace(trials.best, mean=share) for share in SHARES])
    best = trials.best
    # More pairs may ask for another prior or ridge than the given ones alone.
    more = replace(best, bootstrapped=True)
    ridges = dict.fromkeys((best.ridge, *MUTUAL_RIDGES))
    trials.run([replace(more, prior=prior, ridge=ridge) for prior in PRIORS for ridge in ridges])
    if words >= _FEW:
        trials.run([replace(trials.best, polished=True)])
    return SpokeTuning(
        trials.best,
        trials.score_of(trials.best),
        trials.cross_fitted(),
        folds.unaligned(),
        trials.score_of(ROTATION),
    )


class _Folds:
    """All divisions of a dictionary."""

    def __init__(self, learner: SpokeLearner, divisions: list[Division], most: int) -> None:
        self._learner, self._most = learner, most
        self._folds = [
            (learned, HeldOut(*learner.matrices, tested)) for learned, tested in divisions
        ]

    def scores(self, recipe: Leaning) -> list[Precision]:
        """Of the map that a recipe learns."""
        maps = [
            (self._learner.learn(recipe, learned, self._most)[0], held_out)
            for learned, held_out in self._folds
        ]
        return [held_out.precision(mapped, self._learner.hub) for mapped, held_out in maps]

    def unaligned(self) -> Precision:
        """Of the vectors as they are."""
        same = self._learner.hub
        return mean_precision([held_out.precision(same, same) for _, held_out in self._folds])
