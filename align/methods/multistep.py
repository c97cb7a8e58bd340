"""Multi-step maps with a ridge under the whitening, on request from more pairs, and polished.

Whitening by (X'X)^(-1/2) lifts the directions that the pairs hardly span, and with them the noise
of vectors from a small corpus. A ridge under the eigenvalues (regularised canonical correlation,
Vinod 1976) puts an end to that: (X'X + r t I)^(-1/2), t the mean eigenvalue.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from align.problem import Problem, Resources
from align.refine.contrast import Contrast
from align.refine.growth import grown_pairs, widths_from
from align.refine.polish import Maps, polished
from align.refine.ways import Way
from align.vecmap.alignment import Alignment, Sides, check_dimensions
from align.vecmap.linear import final_maps
from align.vecmap.pairs import PairRows
from align.vecmap.presets import VecMapSettings


class Whitening(NamedTuple):
    """How far a multi-step map whitens.

    Attributes:
        ridge: under the eigenvalues, times their mean.
        reweight: exponent of the re-weighting, both sides.
    """

    ridge: float
    reweight: float

    def applied(self, settings: VecMapSettings) -> VecMapSettings:
        """The settings with these choices."""
        return replace(
            settings,
            mapping="multistep",
            whiten=True,
            ridge=self.ridge,
            source_reweight=self.reweight,
            target_reweight=self.reweight,
        )


WHOLE, TRIAL = Contrast(), Contrast(steps=40)
"""Of polishing; whether it helps shows after a third of the steps."""
PUBLISHED = Whitening(0.0, 0.5)
UNTRIED, UNTRIED_START = Whitening(0.1, 0.25), Whitening(1.0, 0.25)
"""For a dictionary too small to decide by; mutual pairs bear the smaller ridge."""


@dataclass(frozen=True)
class MapChoice:
    """How pairs become the maps of both sides.

    Attributes:
        whitening: of the map.
        start: whitening of the maps by which mutual pairs are added to the dictionary first; None
            where none are.
        polished: whether both maps are then polished contrastively.
        way: how these pairs are found.
    """

    whitening: Whitening
    start: Whitening | None = None
    polished: bool = False
    way: Way = "growth"

    def __str__(self) -> str:
        whitening = self.whitening
        stated = f"ridge {whitening.ridge:g}, re-weighting {whitening.reweight:g}, "
        stated += f"with mutual pairs by {self.way}" if self.start else "without mutual pairs"
        return stated + (", polished" if self.polished else "")


class MultistepLearner:
    """Makes the maps of both sides from pairs by any choice."""

    def __init__(self, problem: Problem, resources: Resources) -> None:
        """Keep both languages.

        Args:
            problem: normalisation, de-whitening and dimensions; cutoff, CSLS and rounds of adding
                pairs.
            resources: for the searches.
        """
        check_dimensions(problem.settings, problem.width)
        self.problem = problem
        self.sides = Sides(*problem.matrices, problem.settings)
        self._resources, self.step = resources.silenced(), resources.step

    def grown(self, start: Whitening, given: PairRows, most: int) -> PairRows:
        """The given pairs and those that both languages agree on, among ``most`` words per side."""
        problem = self.problem
        applied = start.applied(problem.settings)
        maps = self.sides.language_maps(final_maps(*self.sides.rows_of(given), applied))
        words = len(np.unique(given.source))
        widths = widths_from(words, min(most, problem.cutoff), problem.rounds)
        return grown_pairs(self.sides, applied, given, maps, widths, self._resources)

    def taught(self, choice: MapChoice, given: PairRows) -> PairRows:
        """The pairs that a choice learns from: the given ones, with those that it adds."""
        if choice.start is None:
            return given
        return self.grown(choice.start, given, self.problem.cutoff)

    def maps(self, choice: MapChoice, pairs: PairRows, how: Contrast = WHOLE) -> Maps:
        """Both maps.

        Args:
            choice: how they are learned.
            pairs: all that are to be learned from, those that were added, too.
            how: they are polished, if they are.
        """
        problem = self.problem
        applied = choice.whitening.applied(problem.settings)
        maps = self.sides.language_maps(final_maps(*self.sides.rows_of(pairs), applied))
        if not choice.polished:
            return maps
        return polished(maps, problem.matrices, pairs, problem.cutoff, how, tell=self.step)

    def learn(self, choice: MapChoice, pairs: PairRows) -> Alignment:
        """The same, and how the result looks."""
        source, target = self.maps(choice, pairs)
        return Alignment(source, target, pairs, self.sides.diagnosis(source, target))
