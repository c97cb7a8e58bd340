"""More pairs than the user gave: those that both languages agree on, round by round.

Each round keeps the given pairs and adds mutual nearest neighbours by CSLS among frequent words
(iterative refinement after Conneau et al. 2018 and PROC-B of Glavas et al. 2019, here with the
multi-step map). Words that the given pairs already translate get no other translation.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from align.problem import Resources
from align.vecmap.alignment import LanguageMap, Sides, make_inducer
from align.vecmap.induce.arrays import FloatMatrix, Rows
from align.vecmap.induce.induction import Inducer, first_ranks
from align.vecmap.linear import final_maps
from align.vecmap.pairs import PairRows, mutual_pairs
from align.vecmap.presets import VecMapSettings
from x2static.core.normalize import unit

FREQUENT = 4_000
"""Most frequent words per side among which a start is looked for."""
_FIRST_WIDTH, _WIDTH_PER_WORD, _LEAST_TRIAL = 1_000, 2, 5_000
_CAREFUL, _BOLD = 1.25, 1.6
_RESTING = 0.002
"""Share of the pairs by which a round may differ from the one before, and be the last."""


def widths_from(words: int, cutoff: int, rounds: int, first: int = _FIRST_WIDTH) -> list[int]:
    """How many frequent words per side a few given words are extended to, round by round.

    What a handful of pairs teaches holds for frequent words at best; pairs found among these carry
    it further, in small steps at first. A dictionary of half as many words as the cutoff starts
    with all of them.

    Args:
        words: source words that the given pairs translate.
        cutoff: most frequent words per side that may be added in the end.
        rounds: with all of them.
        first: words per side that the first maps are good for already.
    """
    widths, width = [], float(max(first, _WIDTH_PER_WORD * words))
    while width < cutoff:
        widths.append(int(width))
        width *= _CAREFUL if width < FREQUENT else _BOLD
    return widths + [cutoff] * rounds


def trial_width(words: int) -> int:
    """The most that pays where a trial only asks whether growing from so many words helps."""
    return max(_LEAST_TRIAL, _WIDTH_PER_WORD * words)


def grown_pairs(
    sides: Sides,
    settings: VecMapSettings,
    given: PairRows,
    maps: tuple[LanguageMap, LanguageMap],
    widths: Sequence[int],
    resources: Resources,
) -> PairRows:
    """The given pairs, and those that maps agree on which are learned anew in each round.

    Args:
        sides: both languages.
        settings: kind of the map, neighbours of CSLS.
        given: pairs kept in every round.
        maps: the first ones.
        widths: of each round: most frequent words per side that may be added. Rounds of one width
            end when one finds nearly as many pairs as the one before, be they the same or not.
        resources: for the searches; told what each round found.
    """
    pairs, before = given, (0, -1)
    finder = _Finder(settings.csls, resources)
    for turn, width in enumerate(widths, start=1):
        added = finder.agreed(*sides.mapped(maps, width), given)
        count = len(added.source)
        resources.say(f"round {turn}: {count:,} mutual pairs beside {len(given.source):,} given")
        resources.step(f"{count:,} mutual pairs found")
        if width == before[0] and abs(count - before[1]) <= _RESTING * count:
            break
        before = width, count
        pairs = PairRows(*(np.concatenate(both) for both in zip(given, added, strict=True)))
        maps = sides.language_maps(final_maps(*sides.rows_of(pairs), settings))
    return pairs


def mutual_neighbors(
    source: FloatMatrix, target: FloatMatrix, resources: Resources, csls: int
) -> PairRows:
    """Pairs of unit rows that choose each other by CSLS."""
    return _Finder(csls, resources).mutual(source, target)


class _Finder:
    """Looks for mutual neighbours; what one search learned of the words speeds up the next."""

    def __init__(self, csls: int, resources: Resources) -> None:
        self._settings, self._resources = VecMapSettings(csls=csls), resources
        self._sizes = (-1, -1)
        self._inducer: Inducer | None = None

    def agreed(self, source: FloatMatrix, target: FloatMatrix, given: PairRows) -> PairRows:
        """Of rows of any length, without words that the given pairs translate."""
        mutual = self.mutual(unit(source), unit(target))
        is_new = ~(np.isin(mutual.source, given.source) | np.isin(mutual.target, given.target))
        rows: list[Rows] = [side[is_new] for side in mutual]
        return PairRows(rows[0], rows[1])

    def mutual(self, source: FloatMatrix, target: FloatMatrix) -> PairRows:
        """Pairs of unit rows."""
        sizes, resources = (len(source), len(target)), self._resources
        if self._inducer is None or sizes != self._sizes:
            self._sizes = sizes
            self._inducer = make_inducer(self._settings, sizes, resources.device, resources.threads)
        return mutual_pairs(self._inducer.induce(source, target, first_ranks(*sizes)))
