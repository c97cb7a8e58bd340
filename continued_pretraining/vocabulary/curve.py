"""How well a language's text is described by more and more pieces of its own (VoCAP's curve).

A unigram model begins with all parts of words that cover most text and is pruned, as trainers do
it, by the loss of likelihood, a part of the pieces at a time. So the vocabularies of all sizes lie
in one another, and a language's vocabulary is the beginning of one list. The same text gives the
same list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from continued_pretraining.text.unigram import untrained
from continued_pretraining.vocabulary.sample import Words, without, words_of
from continued_pretraining.vocabulary.unigram_counts import (
    average_log_probability,
    count_pieces,
    few_pieces,
    log_shares,
)
from x2static.core.errors import CorpusError

_KEPT = 0.8  # part of the pieces that stays at each pruning
_LEAST_BEYOND_LETTERS = 50
_ROUNDS = 2
_SEEDS = 3  # times the largest vocabulary
_LONGEST = 16  # letters of a piece


@dataclass(frozen=True)
class LikelihoodCurve:
    """A language's pieces, the most needed first, and what they are worth.

    Attributes:
        pieces: letters, then pieces in the order in which they come in as the vocabulary grows.
        sizes: rising sizes at which the text was described; the first is the least vocabulary.
        alp: the average log probability of a line at each of them.
    """

    pieces: list[str]
    sizes: list[int]
    alp: list[float]

    def gains(self) -> NDArray[np.float64]:
        """What each piece from the least vocabulary on adds to ALP, on the concave hull: falling.

        Returns:
            (sizes[-1] - sizes[0],) the slope of the hull at each further piece.
        """
        hull = concave_hull(self.sizes, self.alp)
        ends = [self.sizes[i] for i in hull]
        values = [self.alp[i] for i in hull]
        slopes = np.diff(values) / np.maximum(np.diff(ends), 1)
        return np.maximum(np.repeat(slopes, np.diff(ends)), 0.0)


def concave_hull(sizes: Sequence[int], values: Sequence[float]) -> list[int]:
    """Numbers of the points on the upper hull from the first to the last point."""
    kept: list[int] = []
    for new in range(len(sizes)):
        while len(kept) > 1 and _bends_up(sizes, values, kept[-2], kept[-1], new):
            kept.pop()
        kept.append(new)
    return kept


def _bends_up(x: Sequence[int], y: Sequence[float], a: int, b: int, c: int) -> bool:
    return (y[b] - y[a]) * (x[c] - x[b]) <= (y[c] - y[b]) * (x[b] - x[a])


def learn_curve(
    language: str, lines: Sequence[str], largest: int, coverage: float, lowercase: bool
) -> LikelihoodCurve:
    """The curve of a language.

    Args:
        language: its name, for messages.
        lines: what to learn from.
        largest: pieces at most.
        coverage: part of the letters that the least vocabulary holds.
        lowercase: whether text is read in lower case.

    Raises:
        CorpusError: there is no text.
    """
    whole = words_of(untrained(lowercase), lines)
    letters = whole.letters(coverage)
    words = without(whole, set(letters))
    if not words.texts:
        raise CorpusError(f"--text: nothing to learn pieces from for {language}")
    largest = max(largest, len(letters) + 1)
    return prune(seeds(words, letters, _SEEDS * largest), letters, words, largest)


def seeds(words: Words, letters: Sequence[str], num: int) -> list[str]:
    """The letters, and the ``num`` parts of words that cover most text, each twice at least."""
    seen: Counter[str] = Counter()
    for text, count in zip(words.texts, words.counts, strict=True):
        for begin in range(len(text)):
            for end in range(begin + 2, min(begin + _LONGEST, len(text)) + 1):
                seen[text[begin:end]] += count
    covered = {part: count * len(part) for part, count in seen.items() if count > 1}
    return [*letters, *sorted(covered, key=lambda part: (-covered[part], part))[:num]]


def prune(
    pieces: Iterable[str], letters: Sequence[str], words: Words, largest: int
) -> LikelihoodCurve:
    """Take pieces away, the least needed first, and note what is lost.

    Args:
        pieces: those of the largest vocabulary.
        letters: those that stay.
        words: the text.
        largest: size from which on the curve is noted.
    """
    fixed, scores = set(letters), few_pieces(pieces)
    least = len(letters) + _LEAST_BEYOND_LETTERS
    for _ in range(_ROUNDS):  # a piece that once is not used has no way back, so begin with all
        scores = log_shares(count_pieces(scores, words))
    removed: list[str] = []
    points: list[tuple[int, float]] = []
    while True:
        counts = count_pieces(scores, words)
        is_noted = len(scores) <= largest
        if is_noted:
            points.append((len(scores), average_log_probability(counts, words.num_lines)))
        free = [piece for piece in scores if piece not in fixed]
        if len(scores) <= least or not free:
            break
        scores = log_shares(counts)
        losses = {p: counts[p] * (scores[p] - best_cut(p, scores)) for p in free}
        floor = least if is_noted else max(least, largest)
        num = min(len(free), len(scores) - max(floor, int(_KEPT * len(scores))))
        worst = sorted(free, key=lambda piece: (losses[piece], piece))[:num]
        removed += worst if is_noted else []
        for piece in worst:
            del scores[piece]
    kept = sorted((p for p in scores if p not in fixed), key=lambda p: (-counts[p], p))
    points.reverse()
    return LikelihoodCurve(
        [*letters, *kept, *reversed(removed)],
        [n for n, _ in points],
        [value for _, value in points],
    )


def best_cut(piece: str, scores: Mapping[str, float]) -> float:
    """The log probability of a piece's text when it is made of two or more other pieces."""
    unknown = -1e4
    best = [0.0] + [-np.inf] * len(piece)
    for end in range(1, len(piece) + 1):
        for begin in range(end):
            part = piece[begin:end]
            if part != piece or len(piece) == 1:
                score = scores.get(part, unknown if end - begin == 1 else -np.inf)
                best[end] = max(best[end], best[begin] + score)
    return float(best[-1])
