"""How near a target word is to the source language as a whole: the penalty of CSLS.

r(z) = mean of the K largest cosines of z with the source words (Conneau et al. 2018). For 200,000
words on both sides all of it costs 2 · N² · D multiplications, nearly the whole price of an
evaluation. But a mean over some of the sources can only be smaller than r(z), so it proves for most
targets that they cannot beat a gold translation; only the others are worth the exact value.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from eval.choices import IndexKind
from eval.search.index import Index, Rows, build_index
from x2static.core.vectors import FloatMatrix

Floats = NDArray[np.float64]

_LEAST = -1.001  # below every cosine, rounding included
_SPARE = 6  # neighbours fetched beyond K, so that float32 ties at the edge cannot matter
_BATCH = 8192
_RESCORED_AT_ONCE = 512  # keeps the float64 copies in the processor's cache
_SAMPLE = 3000
_CALIBRATION = 512


def rounding(width: int) -> float:
    """An upper bound on the float32 error of a cosine of two unit rows."""
    return width * 2.0**-24 + 1e-7


def exact_dots(first: FloatMatrix, second: FloatMatrix) -> Floats:
    """Row-wise products in float64, summed in an order that depends on the two rows alone."""
    products: Floats = first.astype(np.float64) * second
    return np.asarray(products.sum(axis=-1))


class Penalty(Protocol):
    """What is taken off a candidate's score, as `eval.search.ranks` sees it.

    Attributes:
        weight: factor of the cosine in the score.
        values: (N,) the penalty where ``is_known``, else a proven lower bound.
        is_known: (N,) whether the value is the penalty itself.
    """

    weight: float
    values: Floats
    is_known: NDArray[np.bool_]

    def know(self, rows: Rows | None = None) -> None:
        """Make the penalty of the given candidates (None: of all) known."""

    def estimate(self) -> Floats:
        """(N,) the penalty where known, a good guess elsewhere."""


class NoPenalty:
    """Plain cosine: nothing is taken off."""

    weight = 1.0

    def __init__(self, size: int) -> None:
        """For ``size`` candidates."""
        self.values: Floats = np.zeros(size)
        self.is_known = np.ones(size, dtype=bool)

    def know(self, rows: Rows | None = None) -> None:
        """Do nothing: all is known."""

    def estimate(self) -> Floats:
        """Zeros."""
        return self.values


class Hubness:
    """r(z) of every target: known, or bounded from below until it is asked for (see `Penalty`)."""

    weight = 2.0

    def __init__(
        self,
        sources: FloatMatrix,
        targets: FloatMatrix,
        k: int = 10,
        kind: IndexKind = "flat",
        device: str = "cpu",
    ) -> None:
        """Take unit rows of both languages; nothing is computed yet.

        Args:
            sources: (M, D) every source word, not only the queries.
            targets: (N, D) the candidates.
            k: neighbours in the mean, at most M.
            kind: index for the search among the sources.
            device: ``cpu`` or ``cuda``.
        """
        self._sources, self._targets = sources, targets
        self._k = min(k, len(sources))
        self._kind, self._device = kind, device
        self._index: Index = build_index(sources, kind, device)
        self.values: Floats = np.full(len(targets), _LEAST)
        self.is_known = np.zeros(len(targets), dtype=bool)
        self._line = (1.0, 0.0)

    def know(self, rows: Rows | None = None) -> None:
        """Compute r(z) of the given targets (None: of all) where it is not known yet."""
        wanted = np.arange(len(self._targets)) if rows is None else np.unique(rows)
        wanted = wanted[~self.is_known[wanted]]
        for start in range(0, len(wanted), _BATCH):
            some = wanted[start : start + _BATCH]
            self.values[some] = self._mean_similarity(self._targets[some])
            self.is_known[some] = True

    def bound(self, size: int = _SAMPLE) -> None:
        """Give every unknown target a lower bound, from sources spread evenly over the ranks."""
        some = _spread(len(self._sources), size)
        index = build_index(self._sources[some], self._kind, self._device)
        slack = rounding(self._sources.shape[1])
        for start in range(0, len(self._targets), _BATCH):
            part = slice(start, start + _BATCH)
            scores, _ = index.search(self._targets[part], self._k)
            lower = scores.astype(np.float64).sum(axis=1) / self._k - slack
            self.values[part] = np.where(self.is_known[part], self.values[part], lower)
        self._calibrate()

    def estimate(self) -> Floats:
        """r(z) where known, elsewhere a line through the lower bounds and some hundred truths.

        Only for ranks too deep to count in precision at k.
        """
        slope, offset = self._line
        guess = np.maximum(self.values, slope * self.values + offset)
        return np.where(self.is_known, self.values, guess)

    def _calibrate(self) -> None:
        """Fit the line of `estimate` on targets spread evenly over the ranks."""
        some = _spread(len(self._targets), _CALIBRATION)
        some = some[~self.is_known[some]]
        lower = self.values[some]
        self.know(some)
        if len(some) > 1 and np.ptp(lower) > 0:
            slope, offset = np.polyfit(lower, self.values[some], 1)
            self._line = (float(slope), float(offset))

    def _mean_similarity(self, targets: FloatMatrix) -> Floats:
        """Exact means (B,), from the float32 neighbours re-scored in float64."""
        _, rows = self._index.search(targets, min(self._k + _SPARE, len(self._sources)))
        means = np.empty(len(targets))
        for start in range(0, len(targets), _RESCORED_AT_ONCE):
            part = slice(start, start + _RESCORED_AT_ONCE)
            cosines = exact_dots(targets[part, None, :], self._sources[rows[part]])
            cosines[rows[part] < 0] = -1.0  # an approximate index found fewer
            means[part] = -np.sort(-cosines, axis=1)[:, : self._k].mean(axis=1)
        return means


def _spread(size: int, wanted: int) -> Rows:
    """Row numbers spread evenly over ``size`` rows, no more than ``wanted``."""
    return np.linspace(0, size - 1, min(wanted, size)).astype(np.int64)
