"""Where a spoke's words land among the hub's own unit vectors, which stay as they are.

With X and Z the centred unit rows of the pairs, W minimises |X W - Z|^2 + r t |W - P|^2, t the mean
eigenvalue of X'X: W = (X'X + r t I)^-1 (X'Z + r t P). P is the rotation of X onto Z, or no change
at all: vectors of one multilingual teacher lie together before anything is learned. The larger r,
the nearer the map is to P.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from align.vecmap.alignment import LanguageMap
from align.vecmap.arrays import FloatMatrix, WideMatrix
from align.vecmap.diagnosis import WORDS
from align.vecmap.linear import cross_products, rotation_from
from align.vecmap.normalization import Normalization

Prior = Literal["rotation", "identity"]


@dataclass(frozen=True)
class Recipe:
    """How pairs become a spoke's map.

    Attributes:
        prior: the map that the pairs have to speak against.
        ridge: how strongly they have to; None keeps to the prior.
        mean: how much of the hub's mean the spoke's words get, 0 to 1.
        bootstrapped: whether mutual neighbours are added to the pairs.
        polished: whether contrastive polishing follows.
    """

    prior: Prior
    ridge: float | None
    mean: float = 1.0
    bootstrapped: bool = False
    polished: bool = False

    def __str__(self) -> str:
        how = f"the {self.prior} alone"
        if self.ridge is not None:
            how = f"least squares towards the {self.prior}, ridge {self.ridge:g}"
        added = "with" if self.bootstrapped else "without"
        polished = ", polished" if self.polished else ""
        return f"{how}, {self.mean:g} of the hub's mean, {added} mutual pairs{polished}"


class Products(NamedTuple):
    """All that a map needs to know of its pairs: X'X and X'Z."""

    gram: WideMatrix
    cross: WideMatrix


def products_of(source: FloatMatrix, target: FloatMatrix) -> Products:
    """Of the normalised rows of the pairs."""
    return Products(cross_products(source, source), cross_products(source, target))


def leaning_matrix(products: Products, prior: Prior, ridge: float | None) -> WideMatrix:
    """The least squares map that leans on a prior.

    Args:
        products: of the pairs.
        prior: what it leans on.
        ridge: times the mean eigenvalue; None gives the prior itself.
    """
    width = len(products.gram)
    same = np.eye(width)
    start: WideMatrix = rotation_from(products.cross) if prior == "rotation" else same
    if ridge is None:
        return start
    weight = ridge * float(np.trace(products.gram)) / width
    left, right = products.gram + weight * same, products.cross + weight * start
    return np.linalg.solve(left, right).astype(np.float64, copy=False)


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
