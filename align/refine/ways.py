"""Ways from a few pairs, or none, to many; and which of them leads somewhere.

Growth carries a hundred pairs far and is lost with fifty; self-learning finds its way from fifty,
and none where the corpora are small; vectors of one multilingual teacher may need neither. None of
it can be known beforehand, so each way is tried: a third of the given words is held out before the
first step and looked up after the last, each third in turn. (Words that a way has started from are
no judges of it: the pairs that it adds repeat what they taught, right or wrong.) Where there are
too few words for that, half of what a way pairs has to lead to the other half.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from align.problem import Problem, Resources
from align.refine.growth import FREQUENT, grown_pairs, widths_from
from align.search.folds import Division, pairs_where
from align.search.held_out import HeldOut
from align.search.precision import Precision, mean_precision
from align.vecmap.agreement import agreement
from align.vecmap.alignment import Alignment, LanguageMap, Sides, make_inducer
from align.vecmap.diagnosis import LEAST_FOUND_AGAIN, Diagnosis
from align.vecmap.induce.arrays import AlignmentError
from align.vecmap.linear import SideMaps, final_maps
from align.vecmap.pairs import PairRows
from align.vecmap.presets import FAST_SCHEDULE, VecMapSettings
from align.vecmap.self_learning import learn

Way = Literal["growth", "self-learning", "the vectors as they lie", "similarity profiles"]
FEW = 500
"""Source words up to which a dictionary leaves it open which way leads on."""
LEAST_WORDS = 25
"""Given words that some can be held out of."""
TRIAL_WORDS = 5_000
"""Most frequent words per side that a trial adds pairs from."""
_LEAST_GUESSES, _NEAR, _GOOD_RECALL = 10, 0.05, 0.5
NO_PAIRS = PairRows(np.zeros(0, np.int64), np.zeros(0, np.int64))


@dataclass(frozen=True, eq=False)
class Gone:
    """Where a way has led.

    Attributes:
        way: which one.
        runs: the pairs of each trial, given and added; of the only one, where nothing is held out.
        recall: of the words held out of the trials; None where none were.
        diagnosis: the signs that need no dictionary, of the first run.
    """

    way: Way
    runs: tuple[PairRows, ...]
    recall: Precision | None
    diagnosis: Diagnosis

    @property
    def is_good_enough(self) -> bool:
        """Whether no other way needs to be tried: it finds what it should, and so do its pairs."""
        is_found = self.recall is not None and self.recall.csls >= _GOOD_RECALL
        return is_found and self.diagnosis.found_again >= LEAST_FOUND_AGAIN

    def __str__(self) -> str:
        signs = f"{100 * self.diagnosis.found_again:.0f} % found again by half of its pairs"
        if self.recall is None:
            return f"{self.way}: {signs}"
        return f"{self.way}: {100 * self.recall.csls:.0f} % of the words held out, {signs}"


def best_of(gone: Sequence[Gone]) -> Gone:
    """The way that finds most of the held-out words; where some are level, the best sign decides.

    Level is what differs by less than about two standard errors of a share, 1 / sqrt(words): with
    a handful of words nearly everything is, with hundreds little. The last resort is the order.
    """
    recalls = [0.0 if one.recall is None else one.recall.csls for one in gone]
    words = max([one.recall.words for one in gone if one.recall is not None], default=1)
    level = max(recalls) - 1 / math.sqrt(words)
    near = [one for one, recall in zip(gone, recalls, strict=True) if recall >= level]
    return max(near, key=lambda one: one.diagnosis.found_again)


class Ways:
    """Goes the ways between two languages."""

    def __init__(
        self,
        problem: Problem,
        settings: VecMapSettings,
        start: VecMapSettings,
        resources: Resources,
    ) -> None:
        """Keep both languages.

        Args:
            problem: both languages, cutoff and rounds.
            settings: of the map that judges.
            start: of the first map from the given pairs.
            resources: for the searches.
        """
        self._problem, self._settings, self._start = problem, settings, start
        self._resources = resources.silenced()
        self._sides = Sides(*problem.matrices, settings)
        cutoff = min(problem.cutoff, FREQUENT)
        schedule = {**FAST_SCHEDULE, "self_learning": True, "cutoff": cutoff}
        self._learning = replace(settings, **schedule)

    def from_pairs(self, given: PairRows) -> list[Gone]:
        """All that can be gone from a dictionary; too small to hold words out, it is gone whole."""
        ways: list[Way] = ["growth", "self-learning"]
        if self._is_near_already(given):
            ways.append("the vectors as they lie")
        divisions = self.divisions(given)
        if not divisions:
            return self._gone(ways, given, given)
        held = [HeldOut(*self._problem.matrices, tested) for _, tested in divisions]
        found = []
        for way in ways:
            try:
                runs = tuple(
                    self.go(way, learned, learned, TRIAL_WORDS, rounds=1)
                    for learned, _ in divisions
                )
                maps = [self._maps(pairs, self._settings) for pairs in runs]
            except AlignmentError:  # such pairs are no translation of anything
                continue
            scores = [one.precision(*both) for one, both in zip(held, maps, strict=True)]
            signs = self._sides.diagnosis(*maps[0])
            found.append(Gone(way, runs, mean_precision(scores), signs))
            if found[-1].is_good_enough:
                break
        return _some(found)

    @staticmethod
    def divisions(given: PairRows) -> list[Division]:
        """Each third of the words held out in turn; none of a handful."""
        words = np.unique(given.source)
        if len(words) < LEAST_WORDS:
            return []
        held = (words[turn::3] for turn in range(3))
        masks = (np.isin(given.source, chosen) for chosen in held)
        return [Division(pairs_where(given, ~one), pairs_where(given, one)) for one in masks]

    def _is_near_already(self, given: PairRows) -> bool:
        """Whether the vectors as they lie find some given words, which taught them nothing."""
        maps = self._first_maps("the vectors as they lie", given, 0)
        return HeldOut(*self._problem.matrices, given).precision(*maps).csls >= _NEAR

    def from_guesses(self, guesses: PairRows | None) -> list[Gone]:
        """All that can be gone without one; words spelled alike only start self-learning.

        They are names for the most part, teach little, and prove nothing.
        """
        ways: list[Way] = ["the vectors as they lie", "similarity profiles"]
        if guesses is not None and len(guesses.source) >= _LEAST_GUESSES:
            ways.insert(0, "self-learning")
        return self._gone(ways, guesses or NO_PAIRS, NO_PAIRS)

    def agreement(self, way: Way, found: Alignment, guesses: PairRows | None) -> float | None:
        """How far other draws lead to the same translations; None for a way without draws."""
        problem, resources = self._problem, self._resources
        if way not in ("self-learning", "similarity profiles") or not problem.agreement_runs:
            return None
        return agreement(
            problem.matrices,
            self._learning,
            guesses if way == "self-learning" else None,
            self._sides.frequent_matches(found),
            runs=problem.agreement_runs,
            seed=problem.seed,
            device=resources.device,
            threads=resources.threads,
        )

    def go(
        self, way: Way, start: PairRows, given: PairRows, most: int, rounds: int | None = None
    ) -> PairRows:
        """The given pairs and those that a way adds to them, among ``most`` words per side."""
        problem, words = self._problem, len(np.unique(given.source))
        cutoff, rounds = min(most, problem.cutoff), rounds or problem.rounds
        if way == "growth":
            widths = widths_from(words, cutoff, rounds)
        else:
            widths = widths_from(words, cutoff, rounds, first=min(FREQUENT, cutoff))
        maps = self._first_maps(way, start, cutoff // 2 if most == TRIAL_WORDS else FREQUENT)
        return grown_pairs(self._sides, self._start, given, maps, widths, self._resources)

    def _gone(self, ways: Sequence[Way], start: PairRows, given: PairRows) -> list[Gone]:
        """Each way, gone whole, with nothing held out."""
        found = []
        for way in ways:
            try:
                pairs = self.go(way, start, given, self._problem.cutoff)
                signs = self._sides.diagnosis(*self._maps(pairs, self._settings))
                found.append(Gone(way, (pairs,), None, signs))
            except AlignmentError:
                continue
        return _some(found)

    def _first_maps(self, way: Way, start: PairRows, words: int) -> tuple[LanguageMap, LanguageMap]:
        """Where a way begins; self-learning looks at so many frequent words of each side."""
        if way == "growth":
            return self._maps(start, self._start)
        if way == "the vectors as they lie":
            same = np.eye(self._problem.width)
            return self._sides.language_maps(SideMaps(same, same))
        settings = replace(self._learning, cutoff=max(1, min(words, self._learning.cutoff)))
        learning = Sides(*self._problem.matrices, settings)
        first = start if way == "self-learning" else learning.profile_start(0)
        resources = self._resources
        inducer = make_inducer(settings, learning.sizes, resources.device, resources.threads)
        learned = learn(
            *learning.heads, learning.rotation(first), settings, inducer, (self._problem.seed, 0)
        )
        return self._maps(learned.pairs, self._start)

    def _maps(self, pairs: PairRows, how: VecMapSettings) -> tuple[LanguageMap, LanguageMap]:
        return self._sides.language_maps(final_maps(*self._sides.rows_of(pairs), how))


def _some(found: list[Gone]) -> list[Gone]:
    if not found:
        raise AlignmentError("no way leads from these words to a map: give more pairs")
    return found
