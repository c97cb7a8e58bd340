"""Word similarity: vectors and human judgements to correlations, with coverage beside each.

Spearman is the field's figure; SemEval-2017 task 2 takes the harmonic mean of Pearson and Spearman.
Each is given for the covered pairs and for the whole set, where a pair with an unknown word gets
a back-off cosine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.choices import CaseRule, PhraseRule
from eval.lookup import Lookup, cosines
from eval.similarity.correlation import harmonic_mean, pearson, spearman
from eval.similarity.word_pairs import WordPairs
from x2static.core.errors import ConfigError
from x2static.core.scores.intervals import correlation_interval
from x2static.core.vectors import WordVectors


@dataclass(frozen=True)
class SimilarityScore:
    """Agreement of vectors with one test set; NaN where a correlation is undefined.

    Attributes:
        dataset: name of the test set.
        pairs: its size.
        covered: pairs whose two items have a vector.
        spearman: over the covered pairs; likewise ``pearson`` and ``harmonic``.
        spearman_all: over all pairs with the back-off; likewise ``pearson_all``, ``harmonic_all``.
    """

    dataset: str
    pairs: int
    covered: int
    spearman: float
    pearson: float
    harmonic: float
    spearman_all: float
    pearson_all: float
    harmonic_all: float

    @property
    def coverage(self) -> float:
        """Share of pairs with two known items."""
        return self.covered / self.pairs

    def as_row(self) -> dict[str, Any]:
        """JSON-ready values; an undefined correlation is None."""
        row: dict[str, Any] = {"dataset": self.dataset, "pairs": self.pairs}
        row |= {"covered": self.covered, "coverage": self.coverage}
        for name in _FIGURES:
            value = getattr(self, name)
            row[name] = None if math.isnan(value) else value
        row["interval_95"] = {
            name + ending: correlation_interval(
                getattr(self, name + ending), items, ranks=name == "spearman"
            )
            for ending, items in (("", self.covered), ("_all", self.pairs))
            for name in ("spearman", "pearson")
        }
        return row


_FIGURES = ("spearman", "pearson", "harmonic", "spearman_all", "pearson_all", "harmonic_all")


def score_pairs(
    pairs: WordPairs, source: Lookup, target: Lookup, back_off: float | None = None
) -> SimilarityScore:
    """Score one test set: first words looked up in ``source``, second ones in ``target``.

    Args:
        pairs: the test set.
        source: where the first words are found.
        target: where the second words are found; the same object for one language.
        back_off: cosine of a pair with an unknown word, None for the mean of the known cosines.
    """
    gold = np.asarray(pairs.scores)
    found = cosines(source, target, pairs.first, pairs.second)
    known = ~np.isnan(found)
    if back_off is None and known.any():
        back_off = float(found[known].mean())
    filled = np.where(known, found, math.nan if back_off is None else back_off)
    covered = _figures(found[known], gold[known])
    complete = _figures(filled, gold) if not np.isnan(filled).any() else (math.nan,) * 3
    return SimilarityScore(pairs.name, len(pairs), int(known.sum()), *covered, *complete)


def score_similarity(
    vectors: WordVectors,
    datasets: Sequence[WordPairs],
    target: WordVectors | None = None,
    *,
    case: CaseRule = "auto",
    phrases: PhraseRule = "mean",
    back_off: float | None = None,
) -> list[SimilarityScore]:
    """Score vectors on several test sets.

    Args:
        vectors: vectors of the language, or of the first words' language.
        datasets: test sets (see `eval.similarity.word_pairs.read_word_pairs`).
        target: vectors of the second words' language, in the same space; None for one language.
        case: how spellings are tried (see `eval.lookup.Lookup`).
        phrases: what becomes of items of several words.
        back_off: cosine of a pair with an unknown word, None for the mean of the known cosines.
    """
    if target is not None and target.width != vectors.width:
        raise ConfigError(
            f"vectors of widths {vectors.width} and {target.width} share no space; align them first"
        )
    first = Lookup(vectors, case, phrases)
    second = first if target is None else Lookup(target, case, phrases)
    return [score_pairs(pairs, first, second, back_off) for pairs in datasets]


def average_row(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Unweighted means over the test sets where a figure is defined."""
    mean: dict[str, Any] = {"dataset": "average", "pairs": sum(row["pairs"] for row in rows)}
    mean |= {"covered": sum(row["covered"] for row in rows)}
    for name in ("coverage", *_FIGURES):
        values = [row[name] for row in rows if row[name] is not None]
        mean[name] = sum(values) / len(values) if values else None
    return mean


def _figures(cosine: NDArray[np.float64], gold: NDArray[np.float64]) -> tuple[float, float, float]:
    rank, line = spearman(cosine, gold), pearson(cosine, gold)
    return rank, line, harmonic_mean(line, rank)
