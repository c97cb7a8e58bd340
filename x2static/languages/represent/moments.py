"""Running moments of a language's sentence states, in parts that share no sentence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PARTS = 8


@dataclass
class SentenceMoments:
    """Sums over sentences; sentence i goes to part i mod 8, so that parts are alike.

    Attributes:
        sums: (S, PARTS, D) of states, in double precision.
        squares: (S, D) of squared states.
        counts: (PARTS,) sentences.
    """

    sums: NDArray[np.float64]
    squares: NDArray[np.float64]
    counts: NDArray[np.int64]

    @classmethod
    def empty(cls, states: int, width: int) -> SentenceMoments:
        """Of no sentence."""
        return cls(
            np.zeros((states, PARTS, width)), np.zeros((states, width)), np.zeros(PARTS, np.int64)
        )

    @property
    def sentences(self) -> int:
        """How many were added."""
        return int(self.counts.sum())

    def add(self, rows: NDArray[np.float32]) -> None:
        """Take in (S, N, D) states of further sentences."""
        parts = (self.sentences + np.arange(rows.shape[1])) % PARTS
        wide = rows.astype(np.float64)
        for part in range(PARTS):
            mine = parts == part
            self.sums[:, part] += wide[:, mine].sum(axis=1)
            self.counts[part] += int(mine.sum())
        self.squares += np.einsum("snd,snd->sd", wide, wide)

    @property
    def mean(self) -> NDArray[np.float64]:
        """(S, D)."""
        found: NDArray[np.float64] = self.sums.sum(axis=1) / max(self.sentences, 1)
        return found

    @property
    def part_means(self) -> NDArray[np.float64]:
        """(S, PARTS, D); zeros for a part without a sentence."""
        found: NDArray[np.float64] = self.sums / np.maximum(self.counts, 1)[:, None]
        return found

    @property
    def errors(self) -> NDArray[np.float64]:
        """(S, D) standard errors of the mean."""
        n = self.sentences
        if n < 2:
            return np.full(self.squares.shape, np.nan)
        variance = np.maximum(self.squares / n - self.mean**2, 0) * n / (n - 1)
        found: NDArray[np.float64] = np.sqrt(variance / n)
        return found

    @property
    def gaps(self) -> NDArray[np.float64]:
        """(S,) 1 - cosine of the means of two halves that share no sentence."""
        halves = [self.sums[:, start::2].sum(axis=1) for start in (0, 1)]
        lengths = [np.linalg.norm(half, axis=1) for half in halves]
        product = np.einsum("sd,sd->s", *halves)
        scale = lengths[0] * lengths[1]
        found: NDArray[np.float64] = 1 - np.divide(
            product, scale, out=np.zeros_like(product), where=scale > 0
        )
        return found
