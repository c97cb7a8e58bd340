"""Maps that lean on a prior: least squares that pairs pull away from a rotation or the identity.

With X and Z the centred unit rows of the pairs, W minimises |X W - Z|^2 + r t |W - P|^2, t the mean
eigenvalue of X'X: W = (X'X + r t I)^-1 (X'Z + r t P). P is the rotation of X onto Z, or no change
at all: vectors of one multilingual teacher lie together before anything is learned. The larger r,
the nearer the map is to P.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from align.vecmap.induce.arrays import FloatMatrix, WideMatrix
from align.vecmap.linear import cross_products, rotation_from

Prior = Literal["rotation", "identity"]


@dataclass(frozen=True)
class Leaning:
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
        return f"{how}, {100 * self.mean:g} % of the hub's mean, {added} mutual pairs{polished}"


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
