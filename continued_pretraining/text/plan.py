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
        self, texts: Sequence[Sequences], sampler: Sampler, rule: Corruption, batch: int, seed: int
    ) -> None:
        """Plan for texts, one per language; ``batch`` sequences make an update."""
        self._texts, self._sampler, self._rule = texts, sampler, rule
        self._batch, self._seed = batch, seed

    def plan(self, step: int) -> TextShare:
        """The sequences of update ``step``, longest first."""
        draw = self._sampler.draw(step * self._batch, self._batch)
        return self._masked(draw, np.random.default_rng([self._seed, _MASKS, step]))

    def held_back(self) -> TextShare:
        """The sequences kept for validation; their masks never change."""
        rng = np.random.default_rng([self._seed, _HELD_BACK_MASKS])
        return self._masked(self._sampler.held_back(), rng)

    def _masked(self, draw: Draw, rng: np.random.Generator) -> TextShare:
        drawn = zip(draw.languages.tolist(), draw.items.tolist(), strict=True)
        original = [self._texts[language][item] for language, item in drawn]
        lengths = np.fromiter(map(len, original), dtype=np.int64, count=len(original))
        order = np.argsort(-lengths, kind="stable")
        original = [original[row] for row in order.tolist()]
        if not original:
            return TextShare(draw.languages, [], [], [])
        seen, guessed = self._rule.hide(np.concatenate(original), lengths[order], rng)
        ends = np.cumsum(lengths[order])[:-1]
        return TextShare(
            draw.languages[order], original, np.split(seen, ends), np.split(guessed, ends)
        )
