"""How well a language's text is described by more and more pieces of its own (VoCAP's curve).

One unigram model with as many pieces as are allowed is trained and then pruned as such a trainer
prunes, by the loss of likelihood, a part of the pieces at a time. So the vocabularies of all sizes
lie in one another, and a language's vocabulary is the beginning of one list.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from continued_pretraining.text.unigram import train_pieces, untrained
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
_UNKNOWN = "<unk>"
_ENDS = frozenset(map(chr, range(0xE000, 0xE014)))  # of private use: in no text


@dataclass(frozen=True)
class Curve:
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
) -> Curve:
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
    scores = _train(words, letters, max(largest, len(letters) + 1))
    return prune(scores, letters, words)


def _train(words: Words, letters: Sequence[str], largest: int) -> dict[str, float]:
    """The pieces of a unigram model of the words, letters among them."""
    import json

    backend = untrained(lowercase=False)
    backend.pre_tokenizer = None  # words are cut already
    fault = train_pieces(backend, _repeated(words), largest + len(_ENDS) + 1, [_UNKNOWN])
    found = {} if fault else dict(json.loads(backend.to_str())["model"]["vocab"])
    found = {piece: score for piece, score in found.items() if not _ENDS & set(piece)}
    found.pop(_UNKNOWN, None)
    least = min(found.values(), default=-1.0)
    return {letter: found.pop(letter, least - 1) for letter in letters} | found


def _repeated(words: Words) -> Iterator[str]:
    """Each word as often as it comes, with ever other marks at its end.

    The trainer begins with the parts of the text that are not always followed by one and the same
    sign. Without marks the end of a word is such a sign, and a word that begins no longer one would
    be left out.
    """
    ends = itertools.cycle(sorted(_ENDS))
    for text, count in zip(words.texts, words.counts, strict=True):
        for _ in range(max(2, count)):
            yield text + next(ends)


def prune(pieces: Iterable[str], letters: Sequence[str], words: Words) -> Curve:
    """Take pieces away, the least needed first, and note what is lost.

    Args:
        pieces: those of the largest vocabulary.
        letters: those that stay.
        words: the text.
    """
    fixed, scores = set(letters), few_pieces(pieces)
    least = len(letters) + _LEAST_BEYOND_LETTERS
    for _ in range(_ROUNDS):  # a piece that once is not used has no way back, so begin with all
        scores = log_shares(count_pieces(scores, words))
    removed: list[str] = []
    points: list[tuple[int, float]] = []
    while True:
        counts = count_pieces(scores, words)
        points.append((len(scores), average_log_probability(counts, words.num_lines)))
        free = [piece for piece in scores if piece not in fixed]
        if len(scores) <= least or not free:
            break
        scores = log_shares(counts)
        losses = {p: counts[p] * (scores[p] - best_cut(p, scores)) for p in free}
        num = min(len(free), len(scores) - max(least, int(_KEPT * len(scores))))
        worst = sorted(free, key=lambda piece: (losses[piece], piece))[:num]
        removed += worst
        for piece in worst:
            del scores[piece]
    kept = sorted((p for p in scores if p not in fixed), key=lambda p: (-counts[p], p))
    points.reverse()
    return Curve(
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
