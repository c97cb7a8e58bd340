"""Sentence retrieval (Artetxe and Schwenk 2019, XTREME): accuracy of finding the translation.

Line i of the target file translates line i of the source file. A sentence is right if its own line
is the nearest among all lines of the other file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from eval.retrieval.config import Search
from eval.retrieval.margin import nearest_by_margin
from eval.search.hubness import Hubness, NoPenalty, Penalty
from eval.search.ranks import GoldRanks
from x2static.core.normalize import unit
from x2static.core.scores.intervals import share_interval
from x2static.core.scores.paired import marks
from x2static.core.vectors import FloatMatrix


@dataclass(frozen=True)
class RetrievalScore:
    """One direction of one pair of files.

    Attributes:
        sentences: lines of the file.
        encoded: lines that have a vector; the others count as wrong.
        right: lines whose translation is nearest.
        found: which these are, as `x2static.core.scores.paired.marks` writes them.
    """

    sentences: int
    encoded: int
    right: int
    found: str = ""

    def as_row(self) -> dict[str, Any]:
        """JSON-ready figures between 0 and 1."""
        accuracy = self.right / self.sentences
        return {
            "sentences": self.sentences,
            "coverage": self.encoded / self.sentences,
            "accuracy": accuracy,
            **({"found": self.found} if self.found else {}),
            "interval_95": {"accuracy": share_interval(accuracy, self.sentences)},
        }


def score_retrieval(
    source: FloatMatrix,
    target: FloatMatrix,
    method: Search = "nn",
    csls: int = 10,
    margin: int = 4,
) -> RetrievalScore:
    """Look for each row of ``source`` among those of ``target``; row i belongs to row i.

    Args:
        source: (N, D) sentence vectors.
        target: (N, D) their translations' vectors.
        method: cosine, or CSLS or ratio margin over the N rows of both sides.
        csls: neighbours in the hubness term.
        margin: neighbours in the mean that the margin divides by.
    """
    x, z = unit(source), unit(target)
    is_encoded = x.any(axis=1)
    if method == "margin":
        found = nearest_by_margin(x, z, margin) == np.arange(len(x))
        right = is_encoded & z.any(axis=1) & found
        return RetrievalScore(len(x), int(is_encoded.sum()), int(right.sum()))
    penalty: Penalty = Hubness(x, z, csls, "exact") if method == "csls" else NoPenalty(len(z))
    penalty.know()
    golds = list(np.arange(len(x))[:, None])
    ranks = GoldRanks(z, penalty, 1).rank(x, golds)
    right = is_encoded & z.any(axis=1) & (ranks == 1)
    return RetrievalScore(len(x), int(is_encoded.sum()), int(right.sum()), marks(right))
