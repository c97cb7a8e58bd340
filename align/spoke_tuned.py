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

from align.bootstrap import agreed_pairs
from align.held_back import Division, HeldBack, split
from align.rcsls import rcsls_maps
from align.spoke import Prior, Recipe, into_hub, leaning_matrix, products_of
from align.validation import Precision, mean_precision
from align.vecmap.alignment import Alignment, LanguageMap, Sides, unchanged
from align.vecmap.arrays import FloatMatrix
from align.vecmap.pairs import PairRows, check_pairs
from align.vecmap.presets import VecMapSettings
from x2static.core.normalize import unit

ROTATION = Recipe("rotation", None)
PRIORS: tuple[Prior, ...] = ("rotation", "identity")
RIDGES = (None, 10.0, 3.0, 1.0, 0.3, 0.1)
SHARES = (0.5, 0.0)
MUTUAL_RIDGES = (1.0, None)
UNTRIED = Recipe("rotation", 10.0)
"""For a dictionary too small to hold any of it back."""
_ENOUGH = 1_600
_ROUNDS = 2
_POLISHING_STEPS, _POLISHING_RATE = 6, 10.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class SpokeTuning:
    """What the held-back pairs decided.

    Attributes:
        recipe: the best one.
        held_back: its P@1 on the held-back pairs; None where none could be held back.
        unaligned: the same of the vectors as they are.
        rotation: the same of the rotation alone.
    """

    recipe: Recipe
    held_back: Precision | None = None
    unaligned: Precision | None = None
    rotation: Precision | None = None

    def notes(self) -> dict[str, Any]:
        """JSON-ready."""
        scores = (self.held_back, self.unaligned, self.rotation)
        names = ("held_back", "unaligned", "rotation")
        return {
            **asdict(self.recipe),
            **{name: score and score._asdict() for name, score in zip(names, scores, strict=True)},
        }

    def __str__(self) -> str:
        if self.held_back is None or self.unaligned is None or self.rotation is None:
            return f"tuned: {self.recipe} (too few pairs to hold any back)"
        return (
            f"tuned: {self.recipe}: CSLS P@1 {self.held_back.csls:.4f} on held-back pairs, "
            f"the rotation alone {self.rotation.csls:.4f}, unaligned {self.unaligned.csls:.4f}"
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
    diagnosis = learner.sides.diagnosis(mapped, same)
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
        self.sides = Sides(source, target, settings)
        self._cutoff = settings.cutoff or max(len(source), len(target))
        self._search = (threads, device)
        self._hub = unchanged(target.shape[1])

    def learn(self, recipe: Recipe, given: PairRows) -> tuple[LanguageMap, PairRows]:
        """The map, and the pairs it was learned from."""
        pairs = given
        mapped = self._solved(recipe, pairs)
        for _ in range(_ROUNDS if recipe.bootstrapped else 0):
            source, target = (matrix[: self._cutoff] for matrix in self.matrices)
            added = agreed_pairs(mapped.apply(source), target, given, *self._search)
            pairs = PairRows(*(np.concatenate(both) for both in zip(given, added, strict=True)))
            mapped = self._solved(recipe, pairs)
        return (self._polished(mapped, pairs) if recipe.polished else mapped), pairs

    def _solved(self, recipe: Recipe, pairs: PairRows) -> LanguageMap:
        products = products_of(*self.sides.rows_of(pairs))
        matrix = leaning_matrix(products, recipe.prior, recipe.ridge).astype(np.float32)
        first, second = self.sides.normalizations
        return into_hub((first, second), matrix, self.matrices, recipe.mean)

    def _polished(self, mapped: LanguageMap, pairs: PairRows) -> LanguageMap:
        both = list(zip((mapped, self._hub), self.matrices, strict=True))
        heads = [unit(side.apply(rows[: self._cutoff])) for side, rows in both]
        paired = [
            unit(side.apply(rows[chosen])) for (side, rows), chosen in zip(both, pairs, strict=True)
        ]
        start = np.eye(paired[0].shape[1])
        turn = rcsls_maps(
            *paired, *heads, step=_POLISHING_RATE, iterations=_POLISHING_STEPS, start=start
        ).source
        matrix, offset = (
            (np.asarray(part, np.float64) @ turn).astype(np.float32)
            for part in (mapped.matrix, mapped.offset)
        )
        return LanguageMap(mapped.normalization, matrix, offset)


def choose(learner: SpokeLearner, pairs: PairRows) -> SpokeTuning:
    """The best of the grid, then what is still gained beside it.

    Ties go to the rotation and to the larger ridge: the map that claims less.
    """
    divisions = split(pairs, _ENOUGH)
    if not divisions:
        return SpokeTuning(UNTRIED)
    trials = _Trials(learner, divisions)
    trials.run([Recipe(prior, ridge) for prior in PRIORS for ridge in RIDGES])
    trials.run([replace(trials.best, mean=share) for share in SHARES])
    best = trials.best
    # More pairs may ask for another ridge than the given ones alone.
    ridges = dict.fromkeys((best.ridge, *MUTUAL_RIDGES))
    trials.run([replace(best, ridge=ridge, bootstrapped=True) for ridge in ridges])
    trials.run([replace(trials.best, polished=True)])
    scores = trials.scores
    return SpokeTuning(trials.best, scores[trials.best], trials.unaligned(), scores[ROTATION])


class _Trials:
    """Recipes and what each has scored."""

    def __init__(self, learner: SpokeLearner, divisions: list[Division]) -> None:
        self._learner = learner
        self._folds = [
            (learned, HeldBack(*learner.matrices, tested)) for learned, tested in divisions
        ]
        self._same = unchanged(learner.matrices[1].shape[1])
        self.scores: dict[Recipe, Precision] = {}

    @property
    def best(self) -> Recipe:
        """The first of the best: by CSLS, where that is level by plain neighbours."""
        return max(self.scores, key=lambda recipe: _rank(self.scores[recipe]))

    def run(self, recipes: list[Recipe]) -> None:
        """Score some more."""
        for recipe in recipes:
            maps = [(self._learner.learn(recipe, pairs)[0], held) for pairs, held in self._folds]
            self.scores[recipe] = mean_precision(
                [held.precision(mapped, self._same) for mapped, held in maps]
            )

    def unaligned(self) -> Precision:
        """The score of the vectors as they are."""
        return mean_precision([held.precision(self._same, self._same) for _, held in self._folds])


def _rank(score: Precision) -> tuple[float, float]:
    return score.csls, score.nearest
