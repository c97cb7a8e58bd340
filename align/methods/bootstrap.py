"""Method ``bootstrap``: learn, add the pairs that both languages agree on, learn again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from align.methods.vecmap import VecMap
from align.problem import Problem, Resources
from align.refine.growth import grown_pairs
from align.vecmap.alignment import Alignment, Sides
from align.vecmap.pairs import PairRows


class Bootstrap(VecMap):
    """What `VecMap` learns, refined with mutual pairs."""

    name = "bootstrap"

    def learn(self, problem: Problem, resources: Resources) -> Alignment:
        """Start from the pairs, or from self-learning; keep the user's pairs in every round."""
        return refined(problem, super().learn(problem, resources), resources)


def refined(problem: Problem, start: Alignment, resources: Resources) -> Alignment:
    """An alignment after rounds of mutual pairs; stops early when a round finds as many as before.

    Args:
        problem: its pairs are kept in every round.
        start: the alignment learned from these alone, or by self-learning.
        resources: told what each round found.
    """
    given = problem.pairs or PairRows(np.zeros(0, np.int64), np.zeros(0, np.int64))
    sides = Sides(*problem.matrices, problem.settings)
    widths = [problem.cutoff] * problem.rounds
    pairs = grown_pairs(
        sides, problem.settings, given, (start.source, start.target), widths, resources
    )
    found = sides.alignment(pairs, start.history, start.attempts)
    # What other runs say of the start holds for what was built upon it.
    diagnosis = replace(found.diagnosis, agreement=start.diagnosis.agreement)
    return replace(found, diagnosis=diagnosis)
