"""Bilingual lexicon induction: aligned vectors and a dictionary to precision at k, MRR, coverage.

A query is a source word of the dictionary with at least one pair whose two words have a vector. It
is right at k if any of its gold translations is among the first k candidates; candidates are the
most frequent target words (200,000). This is MUSE's figure and VecMap's; the strict figure counts
the dictionary's other source words as wrong, as fastText's evaluation does. Names, which languages
write alike, are many in MUSE's dictionaries: the other queries are scored apart as well.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from eval.choices import IndexKind, SearchMethod
from eval.search.answers import first_answers
from eval.search.hubness import Hubness, NoPenalty, Penalty, exact_dots
from eval.search.index import Rows, build_index
from eval.search.ranks import GoldRanks
from x2static.core.errors import ConfigError, LexiconError
from x2static.core.normalize import unit
from x2static.core.scores.intervals import Interval, share_interval
from x2static.core.text.lexicon import Coverage, Lexicon, advise_direction
from x2static.core.vectors import FloatMatrix, WordVectors

Chosen = npt.NDArray[np.bool_]

UNRANKED = 0  # an approximate index did not find any gold translation
EXACT_RANKS = 30  # a deeper rank adds little to MRR; under lazy CSLS it is estimated
_LAZY_FROM = 4e8  # products of words: from here on it pays to prove instead of to compute
_RESCORED = 16


@dataclass(frozen=True)
class BliScore:
    """What one evaluation found.

    Attributes:
        ranks: (Q,) rank from 1 of the best gold translation of each covered query, 0 for none.
        words: the covered queries, in the dictionary's order.
        coverage: how much of the dictionary the two vocabularies know.
        identical: (Q,) whether one of the query's gold translations is spelled like itself.
        answers: (Q,) row of the word that each query found first, if that was asked for.
    """

    ranks: Rows
    words: tuple[str, ...]
    coverage: Coverage
    identical: Chosen
    answers: Rows | None = None

    def precision(self, k: int) -> float:
        """Share of the covered queries with a gold translation among the first ``k``."""
        return float(np.mean(self._is_found(k)))

    def nonidentical_precision(self, k: int) -> float | None:
        """The same of the queries that no translation is spelled like; None where there is none."""
        others = self._is_found(k)[~self.identical]
        return float(np.mean(others)) if len(others) else None

    @property
    def mrr(self) -> float:
        """Mean over the covered queries of 1 / rank."""
        return float(np.mean(np.where(self.ranks > 0, 1 / np.maximum(self.ranks, 1), 0)))

    def as_row(self, ks: Sequence[int]) -> dict[str, Any]:
        """JSON-ready figures between 0 and 1; the strict ones are out of all source words."""
        row: dict[str, Any] = {
            "queries": self.coverage.covered,
            "dictionary_queries": self.coverage.queries,
            "coverage": self.coverage.rate,
            "identical": float(np.mean(self.identical)),
        }
        others = {f"p@{k}_nonidentical": self.nonidentical_precision(k) for k in ks}
        figures = {f"p@{k}": self.precision(k) for k in ks} | {"mrr": self.mrr}
        strict = {f"strict_{name}": self.coverage.rate * v for name, v in figures.items()}
        row |= {"alike": row["identical"]} | figures | others | strict
        row |= {f"other_p@{k}": others[f"p@{k}_nonidentical"] for k in ks}  # their earlier names
        return row | {"interval_95": self._intervals(row)}

    def _intervals(self, row: dict[str, Any]) -> dict[str, Interval | None]:
        """Of every precision that a row has, out of the queries that it is a share of."""
        items = {"p@": self.coverage.covered, "strict_p@": self.coverage.queries}
        items["p@_nonidentical"] = items["other_p@"] = int(np.count_nonzero(~self.identical))
        kinds = {name: re.sub(r"@\d+", "@", name) for name in row}
        return {
            name: None if value is None else share_interval(value, items[kinds[name]])
            for name, value in row.items()
            if kinds[name] in items
        }

    def _is_found(self, k: int) -> Chosen:
        return (self.ranks > UNRANKED) & (self.ranks <= k)


class AlignedPair:
    """Two languages in one space, made ready for scoring: unit rows, hubness kept between calls."""

    def __init__(
        self,
        source: WordVectors,
        target: WordVectors,
        *,
        index: IndexKind = "flat",
        csls: int = 10,
        device: str = "cpu",
    ) -> None:
        """Take the vocabularies as they are: cut and lower-cased by the caller.

        Args:
            source: language of the queries; all its words count for hubness.
            target: language of the answers; all its words are candidates.
            index: how neighbours are found.
            csls: neighbours in the hubness term.
            device: ``cpu`` or ``cuda``.
        """
        if source.width != target.width:
            raise ConfigError(
                f"vectors of widths {source.width} and {target.width} share no space; "
                "align them first"
            )
        self.source, self.target = source, target
        self._index: IndexKind = index
        self._csls, self._device = csls, device
        self._source_rows = unit(source.matrix)
        self._target_rows = unit(target.matrix)
        self._hubness: Hubness | None = None

    def score(
        self,
        lexicon: Lexicon,
        method: SearchMethod,
        depth: int | None = EXACT_RANKS,
        *,
        with_answers: bool = False,
    ) -> BliScore:
        """Score a dictionary with ``nn`` or ``csls``; exact for ranks up to ``depth`` (None: all).

        ``with_answers`` also says which word each query found first.

        Raises:
            LexiconError: no pair of the dictionary has both words in the vocabularies.
        """
        known = lexicon.within(self.source.index, self.target.index)
        if not len(known):
            raise LexiconError(self._nothing_covered(lexicon))
        words = tuple(known.translations)
        queries = self._source_rows[self.source.rows_of(words)]
        golds = [self.target.rows_of(known.translations[word]) for word in words]
        everywhere = len(self.target) if depth is None else depth
        rank = self._listed if self._index in ("ivf", "hnsw") else self._counted
        coverage = lexicon.coverage(self.source.index, self.target.index)
        identical = np.array([word in known.translations[word] for word in words])
        ranks = rank(queries, golds, method, everywhere)
        answers = self._answers(queries, golds, ranks, method) if with_answers else None
        return BliScore(ranks, words, coverage, identical, answers)

    def cosines(self, words: Sequence[str], answers: Rows) -> npt.NDArray[np.float64]:
        """(Q,) between words of the source and rows of the target."""
        queries = self._source_rows[self.source.rows_of(words)]
        return exact_dots(queries, self._target_rows[answers])

    def _answers(
        self, queries: FloatMatrix, golds: Sequence[Rows], ranks: Rows, method: SearchMethod
    ) -> Rows:
        """What each query found first: where it was right, the gold translation."""
        penalty: Penalty = self._get_hubness() if method == "csls" else NoPenalty(len(self.target))
        answers = first_answers(queries, self._target_rows, penalty)
        for query in np.flatnonzero(ranks == 1).tolist():
            rows = golds[query]
            if answers[query] not in rows:  # equal to the last bit of float32
                cosines = exact_dots(self._target_rows[rows], queries[query])
                best = np.argmax(penalty.weight * cosines - penalty.values[rows])
                answers[query] = rows[int(best)]
        return answers

    def induce(self, method: SearchMethod, cutoff: int) -> Lexicon:
        """Mutual best translations among the ``cutoff`` most frequent words of each side."""
        x, z = self._source_rows[:cutoff], self._target_rows[:cutoff]
        x_penalty = z_penalty = None
        if method == "csls":
            kind: IndexKind = "exact" if self._index == "exact" else "flat"
            z_penalty = Hubness(x, z, self._csls, kind, self._device)
            x_penalty = Hubness(z, x, self._csls, kind, self._device)
            z_penalty.know()
            x_penalty.know()
        forward = _best(x, z, z_penalty)
        backward = _best(z, x, x_penalty)
        mutual = np.flatnonzero(backward[forward] == np.arange(len(x)))
        return Lexicon.of(
            (self.source.words[row], self.target.words[forward[row]]) for row in mutual.tolist()
        )

    def _counted(
        self, queries: FloatMatrix, golds: Sequence[Rows], method: SearchMethod, depth: int
    ) -> Rows:
        """Exact ranks, by counting."""
        penalty: Penalty = NoPenalty(len(self.target))
        if method == "csls":
            penalty = self._get_hubness()
            small = float(len(self.source)) * len(self.target) < _LAZY_FROM
            is_whole = small or depth >= len(self.target)
            if is_whole or self._index == "exact" or self._device == "cuda":
                penalty.know()
            elif not penalty.is_known.any():
                penalty.bound()
        return GoldRanks(self._target_rows, penalty, depth).rank(queries, golds)

    def _listed(
        self, queries: FloatMatrix, golds: Sequence[Rows], method: SearchMethod, depth: int
    ) -> Rows:
        """Ranks among what an approximate index lists, `UNRANKED` for a gold it does not list."""
        penalty: Penalty = NoPenalty(len(self.target))
        if method == "csls":
            penalty = self._get_hubness()
            penalty.know()
        # CSLS as an inner product: [2 q, 1] . [z, -r(z)]
        column = -penalty.values.astype(np.float32)[:, None]
        index = build_index(np.hstack([self._target_rows, column]), self._index)
        extended = np.hstack([penalty.weight * queries, np.ones((len(queries), 1))])
        _, rows = index.search(extended.astype(np.float32), depth + _RESCORED)
        ranks = np.full(len(queries), UNRANKED, dtype=np.int64)
        for query, (found, gold) in enumerate(zip(rows, golds, strict=True)):
            found = np.sort(found[found >= 0])
            cosines = exact_dots(self._target_rows[found], queries[query])
            order = np.argsort(-(penalty.weight * cosines - penalty.values[found]), kind="stable")
            right = np.flatnonzero(np.isin(found[order], gold))
            ranks[query] = right[0] + 1 if len(right) else UNRANKED
        return ranks

    def _get_hubness(self) -> Hubness:
        if self._hubness is None:
            self._hubness = Hubness(
                self._source_rows, self._target_rows, self._csls, self._index, self._device
            )
        return self._hubness

    def _nothing_covered(self, lexicon: Lexicon) -> str:
        line = f"none of the dictionary's {len(lexicon)} pairs has both words in the vectors"
        advice = advise_direction(lexicon, self.source.index, self.target.index)
        return f"{line}; {advice or 'are these the right languages, and the right casing?'}"


def _best(queries: FloatMatrix, candidates: FloatMatrix, penalty: Hubness | None) -> Rows:
    """(N,) row of the best candidate of each query; the more frequent one of equals."""
    from x2static.core.neighbors import csls_top_k, top_k

    if penalty is None:
        return top_k(queries, candidates, 1)[0][:, 0]
    means = penalty.values.astype(np.float32)
    none = np.zeros(len(queries), dtype=np.float32)
    return csls_top_k(queries, candidates, 1, query_means=none, candidate_means=means)[0][:, 0]
