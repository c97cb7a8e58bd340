"""A vector for any word: the mean of what its letter sequences stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from x2static.core.compose.ngrams import NgramRule

FloatMatrix = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Composer:
    """Composes vectors.

    Attributes:
        rule: how words are cut.
        table: (buckets, D) a vector for each sequence, float32 or float16; may be mapped from disk.
    """

    rule: NgramRule
    table: NDArray[Any]

    @property
    def width(self) -> int:
        """D."""
        return int(self.table.shape[1])

    def compose(self, words: Sequence[str]) -> FloatMatrix:
        """(N, D) the mean over each word's sequences; zeros for a word without any."""
        composed = np.zeros((len(words), self.width), np.float32)
        for row, word in enumerate(words):
            buckets = self.rule.of(word)
            if buckets:
                composed[row] = self.table[np.array(buckets)].mean(axis=0, dtype=np.float32)
        return composed
