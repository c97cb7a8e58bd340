"""Where a spoke's words land among the hub's own unit vectors, which stay as they are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from align.methods.method import Method
from align.problem import Problem, Resources
from align.vecmap.alignment import Alignment, LanguageMap
from align.vecmap.diagnosis import WORDS
from align.vecmap.induce.arrays import FloatMatrix
from align.vecmap.normalization import Normalization


class IntoHub(Method):
    """A method whose spoke is brought into the hub's own space; the hub's map is not used."""

    def __init__(self, inner: Method) -> None:
        """Wrap a method that maps both sides."""
        self._inner, self.name = inner, inner.name

    def fits_whole_matrix(self, settings: Any) -> bool:
        """As the inner method does."""
        return self._inner.fits_whole_matrix(settings)

    def learn(self, problem: Problem, resources: Resources) -> Alignment:
        """Learn by the inner method, then put the spoke among the hub's own vectors."""
        found = self._inner.learn(problem, resources)
        sides = (found.source.normalization, found.target.normalization)
        mapped = into_hub(sides, found.source.matrix, problem.matrices)
        return replace(found, source=mapped)


def into_hub(
    normalizations: tuple[Normalization, Normalization],
    matrix: FloatMatrix,
    heads: tuple[FloatMatrix, FloatMatrix],
    share: float = 1.0,
) -> LanguageMap:
    """A spoke's map into the hub's own unit vectors.

    Both were normalised unit, centre, unit. The matrix holds between centred vectors; the last
    unit step is left out, and the hub's mean brings the spoke to where the hub's words are. A
    matrix that is no rotation changes lengths; one factor makes the mean length the hub's.

    Args:
        normalizations: of the spoke and of the hub.
        matrix: (D, D) learned between their rows.
        heads: rows of both as they are, most frequent first.
        share: of the hub's mean.
    """
    spoke, hub = (Normalization(whole.steps[:2], whole.statistics[:2]) for whole in normalizations)
    centered = LanguageMap(spoke, matrix).apply(heads[0][:WORDS])
    wanted = _mean_length(hub.apply(heads[1][:WORDS]))
    factor = np.float32(wanted / max(_mean_length(centered), 1e-12))
    mean = np.float32(share) * hub.statistics[1]
    return LanguageMap(spoke, matrix * factor, mean)


def _mean_length(rows: FloatMatrix) -> float:
    return float(np.linalg.norm(rows, axis=1).mean())
