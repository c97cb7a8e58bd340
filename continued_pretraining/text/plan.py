"""What an update does, worked out from its number alone, the same in every process.

That is why a resumed run needs no state of any stream, and why the number of processes and of
micro-batches changes no update: masks and words are drawn for the whole update, then dealt out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from continued_pretraining.text.corpus import Sequences
from continued_pretraining.text.sampling import Draw, Sampler

Ids = NDArray[np.int64]
_MASKS, _HELD_BACK_MASKS = 1, 2


@dataclass(frozen=True)
class TextShare:
    """Sequences of an update with their masks.

    Attributes:
        languages: language of each sequence.
        original: ids of each sequence as in the text.
        seen: the same as the model sees them.
        guessed: which of them it must guess.
    """

    languages: NDArray[np.int64]
    original: list[Ids]
    seen: list[Ids]
    guessed: list[NDArray[np.bool_]]

    def part(self, rows: slice) -> TextShare:
        """Some of the sequences."""
        return TextShare(
            self.languages[rows], self.original[rows], self.seen[rows], self.guessed[rows]
        )

    def chosen(self, rows: Ids) -> TextShare:
        """The sequences of the given numbers."""
        picked = rows.tolist()
        return TextShare(
            self.languages[rows],
            [self.original[row] for row in picked],
            [self.seen[row] for row in picked],
            [self.guessed[row] for row in picked],
        )

    @property
    def num_guessed(self) -> int:
        """How many pieces are to be guessed: the denominator of the loss."""
        return sum(int(places.sum()) for places in self.guessed)

    @property
    def num_pieces(self) -> int:
        """Pieces in all, without control tokens."""
        return sum(map(len, self.original))


class Corruption(Protocol):
    """What an objective does to text before the model reads it."""

    def hide(
        self, ids: Ids, lengths: Ids, rng: np.random.Generator
    ) -> tuple[Ids, NDArray[np.bool_]]:
        """The ids as the model sees them, and which of them it must guess.

        Args:
            ids: (T,) pieces of all sequences, end to end.
            lengths: (S,) pieces of each, 1 or more.
            rng: draws; the same for the same update.
        """


class TextPlanner:
    """Draws the sequences of each update, and lets a rule corrupt them."""

    def __init__(
        self,
        texts: Sequence[Sequences],
        sampler: Sampler,
        first: Corruption | None,
        batch: int,
        seed: int,
    ) -> None:
        """Plan for texts, one per language; ``batch`` sequences make an update.

        ``first`` corrupts them where no other corruption is asked for; None leaves them as is.
        """
        self._texts, self._sampler, self._first = texts, sampler, first
        self._batch, self._seed = batch, seed

    def plan(self, step: int, corruption: Corruption | None = None, stream: int = 0) -> TextShare:
        """The sequences of update ``step``, longest first.

        Args:
            step: number of the update.
            corruption: what is done to them; the planner's own by default.
            stream: number of the random draws, for corruptions of the same text.
        """
        draw = self._sampler.draw(step * self._batch, self._batch)
        return self._corrupted(draw, corruption, [_MASKS, step], stream)

    def held_back(self, corruption: Corruption | None = None, stream: int = 0) -> TextShare:
        """The sequences kept for validation; what is done to them never changes."""
        return self._corrupted(self._sampler.held_back(), corruption, [_HELD_BACK_MASKS], stream)

    def _corrupted(
        self, draw: Draw, corruption: Corruption | None, key: list[int], stream: int
    ) -> TextShare:
        # Streams after the first lie apart from it and from each other; the first has no number.
        rng = np.random.default_rng([self._seed, *key, *([stream] if stream else [])])
        drawn = zip(draw.languages.tolist(), draw.items.tolist(), strict=True)
        original = [self._texts[language][item] for language, item in drawn]
        lengths = np.fromiter(map(len, original), dtype=np.int64, count=len(original))
        order = np.argsort(-lengths, kind="stable")
        original = [original[row] for row in order.tolist()]
        if not original:
            return TextShare(draw.languages, [], [], [])
        rule = corruption or self._first
        if rule is None:
            nothing = [np.zeros(len(ids), dtype=bool) for ids in original]
            return TextShare(draw.languages[order], original, original, nothing)
        seen, guessed = rule.hide(np.concatenate(original), lengths[order], rng)
        ends = np.cumsum(lengths[order])[:-1]
        return TextShare(
            draw.languages[order], original, np.split(seen, ends), np.split(guessed, ends)
        )
