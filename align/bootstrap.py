"""Learn, add the pairs that both languages agree on, learn again: more pairs than the user gave.

Each round keeps the given pairs and adds mutual nearest neighbours by CSLS among frequent words
(iterative refinement after Conneau et al. 2018 and PROC-B of Glavas et al. 2019, here with the
multi-step map). Words that the given pairs already translate get no other translation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from align.held_back import NEAR
from align.vecmap.alignment import Alignment, LanguageMap, Sides, make_inducer
from align.vecmap.arrays import FloatMatrix, Rows
from align.vecmap.induction import Ranks
from align.vecmap.linear import final_maps
from align.vecmap.pairs import PairRows, mutual_pairs
from align.vecmap.presets import VecMapSettings
from x2static.core.normalize import unit

Say = Callable[[str], None]

_FIRST_WIDTH, _WIDTH_PER_WORD, _WIDENING = 1_000, 2, 1.25


def widths_from(words: int, cutoff: int, rounds: int) -> list[int]:
    """How many frequent words per side a few given words are extended to, round by round.

    What a handful of pairs teaches holds for frequent words at best; pairs found among these carry
    it further. A dictionary of half as many words as the cutoff starts with all of them.

    Args:
        words: source words that the given pairs translate.
        cutoff: most frequent words per side that may be added in the end.
        rounds: with all of them.
    """
    widths, width = [], float(max(_FIRST_WIDTH, _WIDTH_PER_WORD * words))
    while width < cutoff:
        widths.append(int(width))
        width *= _WIDENING
    return widths + [cutoff] * rounds


def trial_width(words: int) -> int:
    """The most that pays where a trial only asks whether growing from so many words helps."""
    return max(NEAR, _WIDTH_PER_WORD * words)


def bootstrap(
    source: FloatMatrix,
    target: FloatMatrix,
    settings: VecMapSettings,
    given: PairRows,
    start: Alignment,
    *,
    rounds: int,
    cutoff: int,
    say: Say,
    threads: int | None = None,
    device: str = "cpu",
) -> Alignment:
    """Refine an alignment.

    Args:
        source: (N, D) rows of the source language.
        target: (M, D) rows of the target language.
        settings: normalisation and kind of the map, neighbours of CSLS.
        given: the user's pairs, kept in every round.
        start: the alignment learned from these alone, or by self-learning.
        rounds: how often pairs are added anew; stops early when a round finds as many as the one
            before, be they the same or not.
        cutoff: most frequent words per side that may be added.
        say: told what each round found.
        threads: for the search on the CPU.
        device: where the search runs.
    """
    sides = Sides(source, target, settings)
    pairs = extended(
        sides, settings, given, (start.source, start.target), [cutoff] * rounds, say=say,
        threads=threads, device=device,
    )  # fmt: skip
    found = sides.alignment(pairs, start.history, start.attempts)
    # What other runs say of the start holds for what was built upon it.
    diagnosis = replace(found.diagnosis, agreement=start.diagnosis.agreement)
    return replace(found, diagnosis=diagnosis)


def extended(
    sides: Sides,
    settings: VecMapSettings,
    given: PairRows,
    maps: tuple[LanguageMap, LanguageMap],
    widths: Sequence[int],
    *,
    say: Say,
    threads: int | None = None,
    device: str = "cpu",
) -> PairRows:
    """The given pairs, and those that maps agree on which are learned anew in each round.

    Args:
        sides: both languages.
        settings: kind of the map, neighbours of CSLS.
        given: pairs kept in every round.
        maps: the first ones.
        widths: of each round: most frequent words per side that may be added. Rounds of one width
            end when one finds as many pairs as the one before.
        say: told what each round found.
        threads: for the search on the CPU.
        device: where the search runs.
    """
    pairs, before = given, (0, -1)
    for turn, width in enumerate(widths, start=1):
        mapped = sides.mapped(maps, width)
        added = agreed_pairs(*mapped, given, threads, device, settings.csls)
        say(f"round {turn}: {len(added.source):,} mutual pairs beside {len(given.source):,} given")
        if (width, len(added.source)) == before:
            break
        before = width, len(added.source)
        pairs = PairRows(*(np.concatenate(both) for both in zip(given, added, strict=True)))
        maps = sides.language_maps(final_maps(*sides.rows_of(pairs), settings))
    return pairs


def agreed_pairs(
    source: FloatMatrix,
    target: FloatMatrix,
    given: PairRows,
    threads: int | None,
    device: str,
    csls: int = 10,
) -> PairRows:
    """Mutual CSLS neighbours, in one space, whose words the given pairs do not translate."""
    x, z = unit(source), unit(target)
    inducer = make_inducer(VecMapSettings(csls=csls), (len(x), len(z)), device, threads)
    ranks = Ranks(np.ones(len(x), np.int64), np.ones(len(z), np.int64))
    mutual = mutual_pairs(inducer.induce(x, z, ranks))
    is_new = ~(np.isin(mutual.source, given.source) | np.isin(mutual.target, given.target))
    rows: list[Rows] = [side[is_new] for side in mutual]
    return PairRows(rows[0], rows[1])
