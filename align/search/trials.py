"""Candidates, scored fold by fold on held-out pairs; the best, and what it is honestly worth."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Generic, TypeVar

from align.search.precision import Precision, mean_precision
from align.vecmap.induce.arrays import AlignmentError

Candidate = TypeVar("Candidate", bound=Hashable)
Rank = Callable[[Precision], float | tuple[float, ...]]


class Trials(Generic[Candidate]):
    """What has been tried so far, in order; ties go to what was tried first.

    Attributes:
        by_fold: of each candidate, one score a fold.
    """

    def __init__(
        self,
        score: Callable[[Candidate], Sequence[Precision]],
        rank: Rank,
        step: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Begin with nothing tried.

        Args:
            score: learns by a candidate on each fold and scores its held-out pairs.
            rank: what a candidate is chosen by; the larger the better.
            step: told of each candidate that has been tried.
        """
        self._score, self._rank, self._step = score, rank, step
        self.by_fold: dict[Candidate, Sequence[Precision]] = {}

    def run(self, candidates: Iterable[Candidate]) -> None:
        """Score some more; those that cannot be learned from so few pairs are passed over."""
        for candidate in candidates:
            try:
                self.by_fold[candidate] = self._score(candidate)
            except AlignmentError:
                continue
            self._step(f"tried {candidate}")

    def score_of(self, candidate: Candidate) -> Precision:
        """Over all folds, of what could be learned."""
        return mean_precision(self.by_fold[candidate])

    @property
    def best(self) -> Candidate:
        """The first of the best."""
        return self._best({one: mean_precision(found) for one, found in self.by_fold.items()})

    def cross_fitted(self) -> Precision:
        """Each fold scored by the candidate that is best on the others: none judges its own choice.

        The best of many candidates beats one set of vectors on the pairs that chose it even where
        nothing is gained. A single fold has no others, so there the best one's score remains.
        """
        folds = len(next(iter(self.by_fold.values()), ()))
        if folds < 2:
            return mean_precision(self.by_fold[self.best])
        found = []
        for fold in range(folds):
            others = {
                one: mean_precision([*scores[:fold], *scores[fold + 1 :]])
                for one, scores in self.by_fold.items()
            }
            found.append(self.by_fold[self._best(others)][fold])
        return mean_precision(found)

    def _best(self, scores: dict[Candidate, Precision]) -> Candidate:
        if not scores:
            raise AlignmentError("no map can be learned from these pairs: give more, or others")
        return max(scores, key=lambda one: self._rank(scores[one]))


def by_csls(score: Precision) -> float:
    """CSLS P@1 alone."""
    return score.csls


def by_csls_then_nearest(score: Precision) -> tuple[float, float]:
    """CSLS P@1; where that is level, plain nearest neighbours."""
    return score.csls, score.nearest


def by_both(score: Precision) -> float:
    """CSLS and plain cosine alike: the vectors are often used with the latter."""
    return score.csls + score.nearest
