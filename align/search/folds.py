"""Divisions of a dictionary: pairs to learn from, and pairs of other words held out to score."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from align.vecmap.induce.arrays import Rows
from align.vecmap.pairs import PairRows

ENOUGH = 600
_SHARE, _RARE_SHARE = 5, 3
_LEAST, _LEAST_RARE = 25, 100
_LEAST_RESERVED, _RESERVED_SHARE = 400, 4


class Division(NamedTuple):
    """A dictionary, parted."""

    learned: PairRows
    tested: PairRows


def split(pairs: PairRows, enough: int = ENOUGH, least: int = 1) -> list[Division]:
    """Learned and held-out pairs, several times where the dictionary is small.

    All pairs of a source word stay together. Frequent and rare words are held out alike: rare
    ones alone are found too seldom to decide by. A dictionary of a few words is not split at all.

    Args:
        pairs: rows of the pairs, the most frequent word first.
        enough: words to hold out in all the divisions together, if there are so many.
        least: divisions that are made however many words one of them holds out.
    """
    words = np.unique(pairs.source)
    if len(words) < _LEAST:
        return []
    turns = min(_SHARE, max(least, enough * _SHARE // len(words)))
    return [_hold_out(pairs, words[turn::_SHARE]) for turn in range(turns)]


def split_rare(pairs: PairRows, enough: int = ENOUGH) -> list[Division]:
    """The same, but only words of the rarer half are held out, each third of them at a time.

    What is looked up in the end is rarer than what a dictionary teaches, and the best maps for
    frequent words are not the best for rare ones. A small dictionary has none to choose from.
    """
    words = np.unique(pairs.source)
    rare = words[len(words) // 2 :]
    if len(rare) < _LEAST_RARE:
        return split(pairs, enough)
    turns = min(_RARE_SHARE, max(1, enough * _RARE_SHARE // len(rare)))
    return [_hold_out(pairs, rare[turn::_RARE_SHARE]) for turn in range(turns)]


def reserve_rare(pairs: PairRows) -> Division | None:
    """A quarter of the rarer half, kept out of every choice; None where there are too few words.

    The best of many choices scores higher on the words that decided than on any others.
    """
    words = np.unique(pairs.source)
    rare = words[len(words) // 2 :]
    if len(rare) < _LEAST_RESERVED:
        return None
    return _hold_out(pairs, rare[1::_RESERVED_SHARE])


def _hold_out(pairs: PairRows, words: Rows) -> Division:
    is_held = np.isin(pairs.source, words)
    return Division(pairs_where(pairs, ~is_held), pairs_where(pairs, is_held))


def pairs_where(pairs: PairRows, chosen: Rows | np.ndarray) -> PairRows:
    """Some of the pairs, by mask or by number."""
    return PairRows(pairs.source[chosen], pairs.target[chosen])
