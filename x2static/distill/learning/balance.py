"""How much own states and contexts each count: measured on text, not chosen by the teacher's name.

Two words are alike in use if their contexts are alike in text that was not looked at. How well does
the likeness of own states in one half of the sentences foretell the likeness of contexts in the
other half, compared with that of contexts themselves? As correlations over pairs of words: r_own
and r_context. A sentence encoder's own states foretell as well as contexts do, a masked language
model's a little less, and those of an encoder with random weights hardly at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
Counts = NDArray[np.int64]

MOST_WORDS = 2_500  # from the top of the vocabulary
SKIPPED = 100  # mostly function words, which stand in every context
LEAST_SEEN = 10  # in each half
FEWEST_WORDS = 100
_ROWS_AT_ONCE = 256


@dataclass(frozen=True)
class Balance:
    """What was measured.

    Attributes:
        own: correlation of the likeness of own states with that of contexts in the other half.
        context: the same of contexts.
        words: how many words it rests on; 0: too few, nothing was measured.
    """

    own: float
    context: float
    words: int

    @property
    def ratio(self) -> float:
        """r_own / r_context, from 0 to 2; 1 where nothing could be measured."""
        if not self.words or not self.context > 0:
            return 1.0
        return float(np.clip(self.own / self.context, 0.0, 2.0))

    def report(self) -> dict[str, float]:
        """What the run record keeps."""
        return {"own": self.own, "context": self.context, "words": self.words, "ratio": self.ratio}


def frequent_enough(met: Counts, other: Counts) -> Counts:
    """Rows of the words that a measurement may rest on, from how often each half met them."""
    rows = np.flatnonzero((met >= LEAST_SEEN) & (other >= LEAST_SEEN))
    return rows[rows >= SKIPPED]


def measure_balance(own: Matrix, contexts: Matrix, other_contexts: Matrix) -> Balance:
    """Correlate likeness in one half with that of contexts in the other half.

    Args:
        own: (N, D) own states of some words in one half, of unit length.
        contexts: (N, D) their contexts there.
        other_contexts: (N, D) their contexts in the other half.
    """
    if len(own) < FEWEST_WORDS:
        return Balance(0.0, 0.0, 0)
    sums = np.zeros(3)
    products = np.zeros((3, 3))
    pairs = 0
    for first in range(0, len(own), _ROWS_AT_ONCE):
        part = slice(first, first + _ROWS_AT_ONCE)
        views = (own, contexts, other_contexts)
        rows = np.arange(len(own))
        below = rows[part, None] > rows[None, :]
        seen = np.stack([(view[part] @ view.T)[below].astype(np.float64) for view in views])
        sums += seen.sum(1)
        products += seen @ seen.T
        pairs += seen.shape[1]
    covariance = products / pairs - np.outer(sums, sums) / pairs**2
    spread = np.sqrt(np.maximum(np.diag(covariance), 1e-18))
    correlation = covariance / np.outer(spread, spread)
    return Balance(float(correlation[0, 2]), float(correlation[1, 2]), len(own))
