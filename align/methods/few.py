"""What `tuned` does with a small dictionary, or none: each way to more pairs, then the best one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from align.methods.multistep import (
    PUBLISHED,
    TRIAL,
    UNTRIED,
    UNTRIED_START,
    MapChoice,
    MultistepLearner,
    Whitening,
)
from align.problem import Resources
from align.refine.ways import Gone, Ways, best_of
from align.search.folds import Division
from align.search.held_out import HeldOut
from align.search.precision import Precision
from align.search.trials import Trials, by_both, by_csls
from align.vecmap.alignment import Alignment
from align.vecmap.pairs import PairRows
from x2static.core.scores.intervals import Interval, share_interval, shown

_ENOUGH = 100
"""Given words to choose a whitening and polishing by."""
_WHITENINGS = [Whitening(ridge, 0.25) for ridge in (0.0, 0.1, 0.3, 1.0, 3.0, 10.0)]


@dataclass(frozen=True, eq=False)
class FewTuning:
    """What was chosen, and what came of it.

    Attributes:
        found: the alignment, with `notes`.
        choice: how it was learned.
        ways: all that were gone, the chosen one's statement first; none where the given pairs
            alone were better.
        recall: of given words that were held out, each third by what is best on the other.
        plain: the same of the published map of the given pairs alone.
    """

    found: Alignment
    choice: MapChoice
    ways: tuple[str, ...]
    recall: Precision | None
    plain: Precision | None

    def notes(self) -> dict[str, Any]:
        """JSON-ready, with the names of a large dictionary's notes."""
        return {
            **self.choice.whitening._asdict(),
            "bootstrapped": self.choice.start is not None,
            "way": self.choice.way if self.choice.start else None,
            "ways": list(self.ways),
            "start": self.choice.start and self.choice.start._asdict(),
            "polished": self.choice.polished,
            "chosen_by": None,
            "held_back": self.recall and self.recall.csls,
            "plain": self.plain and self.plain.csls,
            "held_back_words": self.recall.words if self.recall else 0,
            "held_back_interval_95": self._interval(),
        }

    def __str__(self) -> str:
        stated = f"tuned: {self.choice}"
        if self.recall is not None:
            stated += (
                f"\ntuned: CSLS P@1 {100 * self.recall.csls:.2f} {shown(self._interval())} on "
                f"{self.recall.words:,} held-out words"
            )
        return "\n".join([stated, *(f"tuned: tried {way}" for way in self.ways)])

    def _interval(self) -> Interval | None:
        return self.recall and share_interval(self.recall.csls, self.recall.words)


def few_pairs_tuning(
    learner: MultistepLearner, pairs: PairRows | None, resources: Resources
) -> FewTuning:
    """Go all ways, take the best, and learn from its pairs.

    Args:
        learner: both languages; its problem says whether the pairs are guesses.
        pairs: a small dictionary; or words spelled alike; or None.
        resources: for the searches.
    """
    problem = learner.problem
    applied = [one.applied(problem.settings) for one in (UNTRIED, UNTRIED_START)]
    ways = Ways(problem, applied[0], applied[1], resources)
    is_given = pairs is not None and not problem.guessed
    gone = ways.from_pairs(pairs) if pairs is not None and is_given else ways.from_guesses(pairs)
    best = best_of(gone)
    stated = (str(best), *(str(one) for one in gone if one is not best))
    if pairs is None or not is_given:
        few = _learned(learner, _untried(best), best.runs[0], stated, None, None)
        again = ways.agreement(best.way, few.found, pairs)
        diagnosis = replace(few.found.diagnosis, agreement=again)
        return replace(few, found=replace(few.found, diagnosis=diagnosis))
    divisions = ways.divisions(pairs)
    if not divisions:
        return _learned(learner, _untried(best), best.runs[0], stated, None, None)
    choice, recall, plain = _chosen(learner, best, divisions)
    if choice.start is None:
        return _learned(learner, choice, pairs, stated, recall, plain)
    whole = ways.go(best.way, pairs, pairs, problem.cutoff)
    return _learned(learner, choice, whole, stated, recall, plain)


def _untried(gone: Gone) -> MapChoice:
    return MapChoice(UNTRIED, UNTRIED_START, way=gone.way)


def _learned(
    learner: MultistepLearner,
    choice: MapChoice,
    pairs: PairRows,
    ways: tuple[str, ...],
    recall: Precision | None,
    plain: Precision | None,
) -> FewTuning:
    """From the pairs of the choice, with the notes that go into the record."""
    found = learner.learn(choice, pairs)
    few = FewTuning(found, choice, ways, recall, plain)
    return replace(few, found=replace(found, notes={"tuning": few.notes()}))


def _chosen(
    learner: MultistepLearner, gone: Gone, divisions: list[Division]
) -> tuple[MapChoice, Precision, Precision | None]:
    """The best choice, what it is worth, and what the published map is.

    The given pairs alone compete with those that the way has added to them. Whitenings and
    polishing do where there are words enough to tell them apart.
    """
    held = [HeldOut(*learner.problem.matrices, tested) for _, tested in divisions]
    alone = [learned for learned, _ in divisions]

    def score(choice: MapChoice) -> list[Precision]:
        pairs = gone.runs if choice.start else alone
        return [
            one.precision(*learner.maps(choice, learned, TRIAL))
            for one, learned in zip(held, pairs, strict=True)
        ]

    untried, published = _untried(gone), MapChoice(PUBLISHED)
    can_choose = gone.recall is not None and gone.recall.words >= _ENOUGH
    trials = Trials(score, by_csls)
    trials.run(
        [replace(untried, whitening=one) for one in (_WHITENINGS if can_choose else [UNTRIED])]
    )
    trials.run([*(MapChoice(one) for one in _WHITENINGS), published])
    best, worth = trials.best, trials.cross_fitted()
    if can_choose:
        last = Trials(score, by_both)
        last.run([best, replace(best, polished=True)])
        if last.best.polished:
            best, worth = last.best, last.score_of(last.best)
    plain = trials.score_of(published) if published in trials.by_fold else None
    return best, worth, plain
