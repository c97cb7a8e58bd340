"""Held-out pairs, with the rows among which their words are looked up."""

from __future__ import annotations

import numpy as np

from align.search.precision import Precision, precision_at_one
from align.vecmap.alignment import LanguageMap
from align.vecmap.induce.arrays import FloatMatrix, Rows
from align.vecmap.pairs import PairRows

NEAR, _CANDIDATES = 2_500, 10_000


class HeldOut:
    """Pairs to be found again among frequent words and their own."""

    def __init__(
        self,
        source: FloatMatrix,
        target: FloatMatrix,
        tested: PairRows,
        words: tuple[int, int] = (NEAR, _CANDIDATES),
    ) -> None:
        """Take the rows that scoring looks at.

        Args:
            source: (N, D) rows of the source language, most frequent first.
            target: (M, D) rows of the target language.
            tested: the pairs.
            words: how many frequent words of the source and of the target it looks at.
        """
        near = np.union1d(np.arange(min(words[0], len(source))), tested.source)
        candidates = np.union1d(np.arange(min(words[1], len(target))), tested.target)
        self.rows = (source[near], target[candidates])
        self._tested = PairRows(places(near, tested.source), places(candidates, tested.target))

    def precision(self, source: LanguageMap, target: LanguageMap) -> Precision:
        """P@1 through two maps."""
        return self.precision_of_rows(source.apply(self.rows[0]), target.apply(self.rows[1]))

    def precision_of_rows(self, source: FloatMatrix, target: FloatMatrix) -> Precision:
        """P@1 of ``rows``, mapped."""
        return precision_at_one(source, target, self._tested)


def places(rows: Rows, wanted: Rows) -> Rows:
    """Where row numbers stand in a sorted list of them."""
    found: Rows = np.searchsorted(rows, wanted)
    return found
