"""Learn what letter sequences stand for, from words that have vectors.

The table G minimises sum over the words of |v - m - mean of G over the word's sequences|^2 plus
r |G|^2, m the mean vector: sparse least squares with one unknown row per bucket, by conjugate
gradients on the normal equations. One pass multiplies the sparse matrix (some 20 entries a word)
twice. In the end m is added to every row of G, so that the mean over a word's sequences holds it
once, as in a fastText file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from x2static.core.compose.composer import Composer, FloatMatrix
from x2static.core.compose.ngrams import NgramRule

_PASSES = 15
RIDGE = 0.02
_MOST_WORDS = 100_000
_BLOCK = 4_096


def fitting_rule(num_words: int) -> NgramRule:
    """The usual rule, with four buckets a word, 20,000 to 100,000 in all."""
    return NgramRule(buckets=min(100_000, max(20_000, 4 * num_words)))


def learn_composer(
    words: Sequence[str],
    matrix: FloatMatrix,
    rule: NgramRule | None = None,
    ridge: float = RIDGE,
    advance: Callable[[int], None] | None = None,
) -> Composer:
    """A composer whose vectors lie where the words of like spelling lie.

    Args:
        words: to learn from; the first 100,000 are.
        matrix: (N, D) their vectors.
        rule: how words are cut.
        ridge: how strongly a sequence that few words have is drawn to nothing.
        advance: told of each pass.
    """
    rule = rule or fitting_rule(len(words))
    kept = list(words[:_MOST_WORDS])
    rows = np.asarray(matrix[: len(kept)], np.float32)
    mean = rows.mean(axis=0, dtype=np.float64).astype(np.float32)
    table = _solved(_Cut(rule, kept), rows - mean, np.float32(ridge), advance or (lambda _: None))
    return Composer(rule, table + mean)


class _Cut:
    """The words' sequences as a sparse matrix of means, and its transpose."""

    def __init__(self, rule: NgramRule, words: list[str]) -> None:
        self.buckets, self.offsets = rule.table(words)
        self.num_buckets = rule.buckets
        lengths = np.diff(self.offsets)
        self.share = (1 / np.maximum(lengths, 1)).astype(np.float32)
        order = np.argsort(self.buckets, kind="stable")
        self.word_of = np.repeat(np.arange(len(words)), lengths)[order]
        counts = np.bincount(self.buckets, minlength=rule.buckets)
        self.used = np.flatnonzero(counts)
        self.starts = np.concatenate(([0], np.cumsum(counts)))[self.used]

    def means(self, table: FloatMatrix) -> FloatMatrix:
        """(N, D) the mean of each word's rows."""
        found = np.zeros((len(self.share), table.shape[1]), np.float32)
        for first in range(0, len(found), _BLOCK):
            last = min(first + _BLOCK, len(found))
            begin, end = self.offsets[first], self.offsets[last]
            kept = np.flatnonzero(np.diff(self.offsets[first : last + 1]))
            if len(kept):
                starts = self.offsets[first:last][kept] - begin
                found[first + kept] = np.add.reduceat(table[self.buckets[begin:end]], starts)
        found *= self.share[:, None]
        return found

    def spread(self, rows: FloatMatrix) -> FloatMatrix:
        """(buckets, D) the transpose: each word's row, shared among its sequences."""
        shared = rows * self.share[:, None]
        found = np.zeros((self.num_buckets, rows.shape[1]), np.float32)
        edges = np.append(self.starts, len(self.word_of))
        for first in range(0, len(self.used), _BLOCK):
            last = min(first + _BLOCK, len(self.used))
            begin, end = edges[first], edges[last]
            parts = np.add.reduceat(
                shared[self.word_of[begin:end]], self.starts[first:last] - begin
            )
            found[self.used[first:last]] = parts
        return found


def _solved(
    cut: _Cut, rows: FloatMatrix, ridge: np.float32, advance: Callable[[int], None]
) -> FloatMatrix:
    """Conjugate gradients, all dimensions at once, each with its own step."""
    table = np.zeros((cut.num_buckets, rows.shape[1]), np.float32)
    left = cut.spread(rows)
    direction = left.copy()
    energy = _dots(left, left)
    for _ in range(_PASSES):
        applied = cut.spread(cut.means(direction)) + ridge * direction
        step = energy / np.maximum(_dots(direction, applied), 1e-30)
        table += step * direction
        left -= step * applied
        before, energy = energy, _dots(left, left)
        direction = left + energy / np.maximum(before, 1e-30) * direction
        advance(1)
    return table


def _dots(left: FloatMatrix, right: FloatMatrix) -> NDArray[np.float32]:
    sums: NDArray[np.float32] = np.einsum("ij,ij->j", left, right, dtype=np.float64).astype(
        np.float32
    )
    return sums
