"""New rows as weighted means of old ones; where nothing is known, as draws from their spread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Matrix = NDArray[np.float32]


@dataclass
class Mixture:
    """For each new piece, old pieces and their weights.

    Attributes:
        sources: (N, K) old rows of each new one.
        weights: (N, K) their weights, adding up to 1; all 0 where nothing is known of a piece.
        groups: (N,) which old rows a draw looks like: an index into `likenesses`.
        likenesses: numbers of the old rows of each group.
        notes: how many rows came from where, for the run record.
    """

    sources: Numbers
    weights: NDArray[np.float64]
    groups: Numbers
    likenesses: list[Numbers]
    notes: dict[str, int] = field(default_factory=dict)

    @classmethod
    def unknown(cls, size: int, old: int, width: int = 1) -> Mixture:
        """Nothing is known of any piece: all are drawn alike."""
        return cls(
            np.zeros((size, width), dtype=np.int64),
            np.zeros((size, width)),
            np.zeros(size, dtype=np.int64),
            [np.arange(old)],
        )

    def copy_rows(self, shared: Mapping[int, int]) -> None:
        """Let new rows be old ones."""
        new, old = (np.fromiter(side, np.int64, len(shared)) for side in (shared, shared.values()))
        self.weights[new] = 0
        self.sources[new, 0], self.weights[new, 0] = old, 1

    def mix_rows(self, rows: Numbers, sources: Numbers, weights: NDArray[np.float64]) -> None:
        """Let new rows be weighted means.

        Args:
            rows: (M,) new rows.
            sources: (M, K) old rows of each.
            weights: (M, K) their weights, none below 0; rows that add up to 0 stay unknown.
        """
        width = sources.shape[1]
        if width > self.sources.shape[1]:
            more = width - self.sources.shape[1]
            self.sources = np.pad(self.sources, ((0, 0), (0, more)))
            self.weights = np.pad(self.weights, ((0, 0), (0, more)))
        total = weights.sum(axis=1, keepdims=True)
        self.weights[rows] = 0
        self.sources[rows, :width] = sources
        self.weights[rows, :width] = np.divide(
            weights, total, where=total > 0, out=np.zeros_like(weights)
        )

    @property
    def known(self) -> NDArray[np.bool_]:
        """(N,) whether a row is made of old ones."""
        return np.asarray(self.weights.sum(axis=1) > 0)

    def rows(self, table: Matrix, rng: np.random.Generator) -> Matrix:
        """(N, D) the new rows.

        Args:
            table: (V, D) old rows.
            rng: draws those of which nothing is known, each number from the normal distribution
                of its column in the rows that they shall look like.
        """
        made = np.einsum("nk,nkd->nd", self.weights, table[self.sources].astype(np.float64))
        drawn = rng.normal(size=made.shape)
        for group, members in enumerate(self.likenesses):
            chosen = ~self.known & (self.groups == group)
            like = table[members].astype(np.float64)
            made[chosen] = like.mean(axis=0) + like.std(axis=0) * drawn[chosen]
        return np.asarray(made, dtype=np.float32)

    def biases(self, bias: Matrix) -> Matrix:
        """(N,) what the decoder adds for each new piece: mixed likewise, else the group's mean."""
        made = (self.weights * bias[self.sources]).sum(axis=1)
        for group, members in enumerate(self.likenesses):
            made[~self.known & (self.groups == group)] = bias[members].mean()
        return np.asarray(made, dtype=np.float32)
