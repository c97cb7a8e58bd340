"""The spoke's map that finds most of the pairs held back from it, in the hub's own space.

`tuned` maps both languages and re-weights directions on both sides; beside a hub that must not
move, the spoke's matrix has to carry everything. What suits depends on the vectors: where one
teacher has brought the languages together already, a map close to none at all; where nothing has,
a map close to a rotation. Folds of the dictionary decide; the vectors as they are compete, too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from align.bootstrap import trial_width
from align.contrast import Contrast
from align.held_back import Division, HeldBack, split
from align.polish import polished
from align.spoke import Prior, Recipe, into_hub, leaning_matrix, products_of
from align.tuned import UNTRIED_START, Learner
from align.validation import Precision, mean_precision
from align.vecmap.alignment import Alignment, LanguageMap, unchanged
from align.vecmap.arrays import FloatMatrix
from align.vecmap.diagnosis import Diagnosis
from align.vecmap.pairs import PairRows, check_pairs
from align.vecmap.presets import VecMapSettings

ROTATION = Recipe("rotation", None)
PRIORS: tuple[Prior, ...] = ("rotation", "identity")
RIDGES = (None, 10.0, 3.0, 1.0, 0.3, 0.1)
SHARES = (0.5, 0.0)
MUTUAL_RIDGES = (1.0, None)
UNTRIED = Recipe("rotation", 10.0)
"""For a dictionary too small to hold any of it back."""
_ENOUGH = 1_600
_ROUNDS = 2
_FEW = 300
"""Words of a dictionary that teach too little to polish by."""
_WORDS = 10_000
"""Most frequent words per side that may be added; a word must pick its translation out of them."""
_POLISHING = Contrast(rate=0.002)

Say = Callable[[str], None]


@dataclass(frozen=True)
class SpokeTuning:
    """What the held-back pairs decided.

    Attributes:
        recipe: the best one.
        chosen_by: its P@1 on the pairs that decided, the best of all recipes and so optimistic;
            None where none could be held back.
        held_back: P@1 with each fold scored by the recipe that is best on the other folds.
        unaligned: P@1 of the vectors as they are, on the same pairs.
        rotation: the same of the rotation alone.
    """

    recipe: Recipe
    chosen_by: Precision | None = None
    held_back: Precision | None = None
    unaligned: Precision | None = None
    rotation: Precision | None = None

    def notes(self) -> dict[str, Any]:
        """JSON-ready."""
        scores = (self.chosen_by, self.held_back, self.unaligned, self.rotation)
        names = ("chosen_by", "held_back", "unaligned", "rotation")
        return {
            **asdict(self.recipe),
            **{name: score and score._asdict() for name, score in zip(names, scores, strict=True)},
        }

    def __str__(self) -> str:
        if self.held_back is None or self.unaligned is None or self.rotation is None:
            return f"tuned: {self.recipe} (too few pairs to hold any back)"
        return (
            f"tuned: {self.recipe}: CSLS P@1 {self.held_back.csls_shown} on "
            f"{self.held_back.words:,} held-back words, "
            f"the rotation alone {100 * self.rotation.csls:.2f}, "
            f"unaligned {100 * self.unaligned.csls:.2f}"
        )


def spoke_tuned(
    source: FloatMatrix,
    target: FloatMatrix,
    settings: VecMapSettings,
    pairs: PairRows,
    *,
    say: Say,
    threads: int | None = None,
    device: str = "cpu",
) -> Alignment:
    """Decide on held-back pairs, then learn from all of them; the hub's map is none.

    Args:
        source: (N, D) rows of the spoke.
        target: (M, D) rows of the hub.
        settings: the cutoff of words that may be added.
        pairs: the dictionary.
        say: told what was decided.
        threads: for the search on the CPU.
        device: where the search runs.
    """
    check_pairs(pairs, len(source), len(target))
    learner = SpokeLearner(source, target, settings, threads, device)
    choice = choose(learner, pairs)
    say(str(choice))
    mapped, learned = learner.learn(choice.recipe, pairs)
    same = unchanged(target.shape[1])
    diagnosis = learner.diagnosis(mapped)
    return Alignment(mapped, same, learned, diagnosis, notes={"tuning": choice.notes()})


class SpokeLearner:
    """Makes a spoke's map from pairs by any recipe."""

    def __init__(
        self,
        source: FloatMatrix,
        target: FloatMatrix,
        settings: VecMapSettings,
        threads: int | None,
        device: str,
    ) -> None:
        """Keep both languages; arguments as for `spoke_tuned`."""
        self.matrices = (source, target)
        self._cutoff = min(settings.cutoff or max(len(source), len(target)), _WORDS)
        within = replace(settings, cutoff=self._cutoff)
        self._both = Learner(source, target, within, _ROUNDS, threads, device)
        self._found: dict[tuple[bytes, bytes, int], PairRows] = {}
        self._hub = unchanged(target.shape[1])

    def learn(
        self, recipe: Recipe, given: PairRows, most: int = _WORDS
    ) -> tuple[LanguageMap, PairRows]:
        """The map, and the pairs it was learned from; ``most`` words per side may be added."""
        pairs = self._grown(given, most) if recipe.bootstrapped else given
        mapped = self._solved(recipe, pairs)
        return (self._polished(mapped, pairs) if recipe.polished else mapped), pairs

    def diagnosis(self, mapped: LanguageMap) -> Diagnosis:
        """How the most frequent words look beside the hub's."""
        return self._both.sides.diagnosis(mapped, self._hub)

    def _grown(self, given: PairRows, most: int) -> PairRows:
        """With mutual pairs, found by maps of both languages: these carry a few words further."""
        key = (given.source.tobytes(), given.target.tobytes(), most)
        if key not in self._found:
            self._found[key] = self._both.grown(UNTRIED_START, given, most)
        return self._found[key]

    def _solved(self, recipe: Recipe, pairs: PairRows) -> LanguageMap:
        products = products_of(*self._both.sides.rows_of(pairs))
        matrix = leaning_matrix(products, recipe.prior, recipe.ridge).astype(np.float32)
        first, second = self._both.sides.normalizations
        return into_hub((first, second), matrix, self.matrices, recipe.mean)

    def _polished(self, mapped: LanguageMap, pairs: PairRows) -> LanguageMap:
        maps = (mapped, self._hub)
        spoke, _ = polished(
            maps, self.matrices, pairs, self._cutoff, _POLISHING, is_target_fixed=True
        )
        return spoke


def choose(learner: SpokeLearner, pairs: PairRows) -> SpokeTuning:
    """The best of the grid, then what is still gained beside it.

    Ties go to the rotation and to the larger ridge: the map that claims less.
    """
    divisions = split(pairs, _ENOUGH, least=2)
    if not divisions:
        return SpokeTuning(UNTRIED)
    words = len(np.unique(pairs.source))
    trials = _Trials(learner, divisions, trial_width(words))
    trials.run([Recipe(prior, ridge) for prior in PRIORS for ridge in RIDGES])
    trials.run([replace(trials.best, mean=share) for share in SHARES])
    best = trials.best
    # More pairs may ask for another prior or ridge than the given ones alone.
    more = replace(best, bootstrapped=True)
    ridges = dict.fromkeys((best.ridge, *MUTUAL_RIDGES))
    trials.run([replace(more, prior=prior, ridge=ridge) for prior in PRIORS for ridge in ridges])
    if words >= _FEW:
        trials.run([replace(trials.best, polished=True)])
    scores = trials.scores
    return SpokeTuning(
        trials.best, scores[trials.best], trials.cross_fitted(), trials.unaligned(),
        scores[ROTATION],
    )  # fmt: skip


class _Trials:
    """Recipes and what each has scored."""

    def __init__(self, learner: SpokeLearner, divisions: list[Division], most: int) -> None:
        self._learner, self._most = learner, most
        self._folds = [
            (learned, HeldBack(*learner.matrices, tested)) for learned, tested in divisions
        ]
        self._same = unchanged(learner.matrices[1].shape[1])
        self.by_fold: dict[Recipe, list[Precision]] = {}

    @property
    def scores(self) -> dict[Recipe, Precision]:
        """Over all folds."""
        return {recipe: mean_precision(found) for recipe, found in self.by_fold.items()}

    @property
    def best(self) -> Recipe:
        """The first of the best: by CSLS, where that is level by plain neighbours."""
        scores = self.scores
        return max(scores, key=lambda recipe: _rank(scores[recipe]))

    def run(self, recipes: list[Recipe]) -> None:
        """Score some more."""
        for recipe in recipes:
            maps = [
                (self._learner.learn(recipe, pairs, self._most)[0], held)
                for pairs, held in self._folds
            ]
            self.by_fold[recipe] = [held.precision(mapped, self._same) for mapped, held in maps]

    def cross_fitted(self) -> Precision:
        """Each fold scored by the recipe that is best on the others: no fold judges its own choice.

        The best of many recipes beats one set of vectors on the pairs that chose it even where
        nothing is gained.
        """
        found = []
        for fold in range(len(self._folds)):
            rest = {
                recipe: mean_precision(scores[:fold] + scores[fold + 1 :])
                for recipe, scores in self.by_fold.items()
            }
            best = max(rest, key=lambda recipe: _rank(rest[recipe]))
            found.append(self.by_fold[best][fold])
        return mean_precision(found)

    def unaligned(self) -> Precision:
        """The score of the vectors as they are."""
        return mean_precision([held.precision(self._same, self._same) for _, held in self._folds])


def _rank(score: Precision) -> tuple[float, float]:
    return score.csls, score.nearest
