"""Linear centred kernel alignment of two sets of states of the same sentences, exactly.

With Gram matrices K = X X' and L = Y Y' whose diagonals are zero, Song et al. (2012) have

    HSIC(K, L) n (n - 3) = tr(K L) + (1'K1)(1'L1) / ((n - 1)(n - 2)) - 2 / (n - 2) 1'K L 1

without bias, and CKA = HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)). No Gram matrix is made: each term
is a sum over sentences of products of width D, so that sentences may come in any order and parts,
and parts may be taken out again. A matrix product of N x D by D x D does the work.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

States = NDArray[np.floating]
Wide = NDArray[np.float64]
LEAST = 4  # sentences, below which the unbiased estimate is undefined


@dataclass(frozen=True)
class CrossSums:
    """Sums over the sentences of one set of states, and of its products with another.

    Attributes:
        cross: (D, E) X'Y, in the states' precision.
        left: (D,) sum of x.
        right: (E,) sum of y.
        left_weighted: (D,) sum of x |y|^2.
        right_weighted: (E,) sum of y |x|^2.
        lengths: sum of |x|^2 |y|^2.
        left_length: sum of |x|^2.
        right_length: sum of |y|^2.
        count: sentences.
    """

    cross: States
    left: Wide
    right: Wide
    left_weighted: Wide
    right_weighted: Wide
    lengths: float
    left_length: float
    right_length: float
    count: int

    @classmethod
    def of(cls, x: States, y: States) -> CrossSums:
        """From (N, D) and (N, E) rows; products in their precision, sums in double."""
        xx, yy = (np.einsum("nd,nd->n", some, some) for some in (x, y))
        wide_xx, wide_yy = xx.astype(np.float64), yy.astype(np.float64)
        ones = np.ones(len(x), x.dtype)
        return cls(
            x.T @ y,
            (ones @ x).astype(np.float64),
            (ones @ y).astype(np.float64),
            (yy @ x).astype(np.float64),
            (xx @ y).astype(np.float64),
            float(wide_xx @ wide_yy),
            float(wide_xx.sum()),
            float(wide_yy.sum()),
            len(x),
        )

    def __add__(self, other: CrossSums) -> CrossSums:
        values = zip(vars(self).values(), vars(other).values(), strict=True)
        return CrossSums(*(mine + theirs for mine, theirs in values))

    def unbiased(self, without: CrossSums | None = None) -> float:
        """HSIC without bias; of all sentences, or without those of a part.

        No matrix is made for what is left: |C - P|^2 = |C|^2 - 2 <C, P> + |P|^2.
        """
        part = without
        n = self.count - (part.count if part else 0)
        lengths, left_length, right_length = (
            getattr(self, name) - (getattr(part, name) if part else 0.0)
            for name in ("lengths", "left_length", "right_length")
        )
        left, right, left_weighted, right_weighted = (
            getattr(self, name) - (getattr(part, name) if part else 0.0)
            for name in ("left", "right", "left_weighted", "right_weighted")
        )
        squares = self._squares
        if part:
            squares += part._squares - 2 * _dot(self.cross, part.cross)
        product = self.cross @ right.astype(self.cross.dtype)
        if part:
            product = product - part.cross @ right.astype(self.cross.dtype)
        # sum over i of (x_i . s - |x_i|^2)(y_i . t - |y_i|^2), s and t the sums of all x and y
        rows = float(left @ product) + lengths
        rows -= float(left @ left_weighted) + float(right @ right_weighted)
        ones = (float(left @ left) - left_length) * (float(right @ right) - right_length)
        found = squares - lengths + ones / ((n - 1) * (n - 2)) - 2 * rows / (n - 2)
        return float(found / (n * (n - 3)))

    def biased(self) -> float:
        """HSIC as usually computed, from centred rows."""
        centred = self.cross - np.outer(self.left, self.right) / self.count
        return float((centred**2).sum()) / (self.count - 1) ** 2

    @cached_property
    def _squares(self) -> float:
        return _dot(self.cross, self.cross)


@dataclass(frozen=True)
class Sums:
    """All that CKA needs of two sets of states: each with itself, and one with the other."""

    xx: CrossSums
    yy: CrossSums
    xy: CrossSums

    @classmethod
    def of(cls, x: States, y: States) -> Sums:
        """From (N, D) and (N, E) rows of the same sentences."""
        return cls(CrossSums.of(x, x), CrossSums.of(y, y), CrossSums.of(x, y))

    def __add__(self, other: Sums) -> Sums:
        return Sums(self.xx + other.xx, self.yy + other.yy, self.xy + other.xy)

    def cka(self, *, biased: bool = False, without: Sums | None = None) -> float:
        """1 for the same up to rotation and scale, about 0 for unrelated; NaN where nothing varies.

        Without bias it may be a little below 0.

        Args:
            biased: as usually computed; of all sentences alone.
            without: sums of sentences to leave out.
        """
        left = self.xy.count - (without.xy.count if without else 0)
        if left < LEAST:
            return math.nan
        if biased:
            parts = [side.biased() for side in (self.xy, self.xx, self.yy)]
        else:
            out = (without.xy, without.xx, without.yy) if without else (None, None, None)
            sides = zip((self.xy, self.xx, self.yy), out, strict=True)
            parts = [side.unbiased(part) for side, part in sides]
        scale = parts[1] * parts[2]
        floor = 1e-24 * (self.xx.left_length * self.yy.left_length / self.xy.count) ** 2
        return parts[0] / math.sqrt(scale) if scale > floor else math.nan


def _dot(first: States, second: States) -> float:
    """The sum of products of entries: rows in their precision, their sum in double."""
    return float(np.einsum("de,de->d", first, second).sum(dtype=np.float64))


def centred(states: States) -> States:
    """Rows less their mean: the same CKA, and small differences survive single precision.

    What is left of rows that are all the same is rounding, and becomes zero.
    """
    found: States = states - states.mean(axis=0, dtype=np.float64).astype(states.dtype)
    noise = 16 * float(np.finfo(states.dtype).eps) * float(np.abs(states).max(initial=0.0))
    return found if float(np.abs(found).max(initial=0.0)) > noise else np.zeros_like(found)
