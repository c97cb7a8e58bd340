"""Pairs kept from learning, with the rows among which their words are looked up."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from align.seeds import lexicon_rows
from align.validation import Precision, precision_at_one
from align.vecmap.alignment import LanguageMap
from align.vecmap.arrays import AlignmentError, FloatMatrix, Rows
from align.vecmap.pairs import PairRows
from x2static.core.lexicon import read_lexicon
from x2static.core.vectors import WordVectors

_log = logging.getLogger(__name__)

NEAR, _CANDIDATES = 5_000, 10_000
_SHARE, _RARE_SHARE = 5, 3
ENOUGH = 800
_LEAST, _LEAST_RARE = 25, 100
_LEAST_RESERVED, _RESERVED_SHARE = 400, 4


class Division(NamedTuple):
    """A dictionary, parted."""

    learned: PairRows
    tested: PairRows


def split(pairs: PairRows, enough: int = ENOUGH, least: int = 1) -> list[Division]:
    """Learned and held-back pairs, several times where the dictionary is small.

    All pairs of a source word stay together. Frequent and rare words are held back alike: rare
    ones alone are found too seldom to decide by. A dictionary of a few words is not split at all.

    Args:
        pairs: rows of the pairs, the most frequent word first.
        enough: words to be held back in all the divisions together, if there are so many.
        least: divisions that are made however many words one of them holds back.
    """
    words = np.unique(pairs.source)
    if len(words) < _LEAST:
        return []
    turns = min(_SHARE, max(least, enough * _SHARE // len(words)))
    return [_hold_back(pairs, words[turn::_SHARE]) for turn in range(turns)]


def split_rare(pairs: PairRows, enough: int = ENOUGH) -> list[Division]:
    """The same, but only words of the rarer half are held back, each third of them at a time.

    What is looked up in the end is rarer than what a dictionary teaches, and the best maps for
    frequent words are not the best for rare ones. A small dictionary has none to choose from.
    """
    words = np.unique(pairs.source)
    rare = words[len(words) // 2 :]
    if len(rare) < _LEAST_RARE:
        return split(pairs, enough)
    turns = min(_RARE_SHARE, max(1, enough * _RARE_SHARE // len(rare)))
    return [_hold_back(pairs, rare[turn::_RARE_SHARE]) for turn in range(turns)]


def reserve_rare(pairs: PairRows) -> Division | None:
    """A quarter of the rarer half, kept out of every choice; None where there are too few words.

    The best of many choices scores higher on the words that decided than on any others.
    """
    words = np.unique(pairs.source)
    rare = words[len(words) // 2 :]
    if len(rare) < _LEAST_RESERVED:
        return None
    return _hold_back(pairs, rare[1::_RESERVED_SHARE])


def cross_fitted(scores: Sequence[Sequence[float]]) -> float:
    """Mean score over the folds, each by the choice that is best on all other folds.

    Args:
        scores: of each choice, one figure a fold; ties go to the first choice.
    """
    table = np.array(scores)  # (choices, folds)
    if table.shape[1] == 1:
        return float(table.max())
    others = table.sum(axis=1, keepdims=True) - table
    return float(np.mean(table[others.argmax(axis=0), np.arange(table.shape[1])]))


def read_held_back(
    path: Path, source: WordVectors, target: WordVectors, learned: PairRows | None
) -> PairRows:
    """The pairs of a validation file; those of words that are also learned from are left out.

    Args:
        path: the file, source word first.
        source: vectors of the source language.
        target: vectors of the target language.
        learned: pairs that learning starts from; None where there are none.
    """
    rows = lexicon_rows(read_lexicon(path), source, target, str(path))
    if learned is None:
        return rows
    is_new = ~np.isin(rows.source, learned.source)
    if not is_new.any():
        raise AlignmentError(f"{path}: every word of it is learned from, too: nothing is held back")
    if not is_new.all():
        _log.warning("%s: %d pairs of words learned from left out", path, (~is_new).sum())
    return _where(rows, is_new)


class HeldBack:
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


def _hold_back(pairs: PairRows, words: Rows) -> Division:
    is_held = np.isin(pairs.source, words)
    return Division(_where(pairs, ~is_held), _where(pairs, is_held))


def _where(pairs: PairRows, chosen: Rows | np.ndarray) -> PairRows:
    return PairRows(pairs.source[chosen], pairs.target[chosen])


def places(rows: Rows, wanted: Rows) -> Rows:
    """Where row numbers stand in a sorted list of them."""
    found: Rows = np.searchsorted(rows, wanted)
    return found
