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

    A sequence is one text, or two with control tokens between them that are never guessed.

    Attributes:
        languages: language, or pair of languages, of each sequence.
        original: ids of each sequence as in the text.
        seen: the same as the model sees them.
        guessed: which of them it must guess.
        rows: place of each sequence in the whole update.
        firsts: pieces of the first of two texts; 0 where there is only one.
        gap: control tokens between two texts.
    """

    languages: Ids
    original: list[Ids]
    seen: list[Ids]
    guessed: list[NDArray[np.bool_]]
    rows: Ids
    firsts: Ids
    gap: int = 0

    def part(self, rows: slice) -> TextShare:
        """Some of the sequences."""
        return self.chosen(np.arange(len(self.original))[rows])

    def chosen(self, rows: Ids) -> TextShare:
        """The sequences of the given numbers."""
        picked = rows.tolist()
        return TextShare(
            self.languages[rows],
            [self.original[row] for row in picked],
            [self.seen[row] for row in picked],
            [self.guessed[row] for row in picked],
            self.rows[rows],
            self.firsts[rows],
            self.gap,
        )

    def is_text(self, member: int) -> NDArray[np.bool_]:
        """Which pieces of a sequence are text, and no control tokens between two."""
        flags = np.ones(len(self.original[member]), dtype=bool)
        if first := int(self.firsts[member]):
            flags[first : first + self.gap] = False
        return flags

    @property
    def num_guessed(self) -> int:
        """How many pieces are to be guessed: the denominator of the loss."""
        return sum(int(places.sum()) for places in self.guessed)

    @property
    def num_pieces(self) -> int:
        """Pieces in all, without the control tokens around a sequence."""
        return sum(map(len, self.original))

    @property
    def num_text_pieces(self) -> int:
        """Pieces of text alone."""
        return self.num_pieces - self.gap * int((self.firsts > 0).sum())


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


class Planner(Protocol):
    """Says what sequences an update has."""

    @property
    def names(self) -> Sequence[str]:
        """What the numbers in a share's ``languages`` stand for."""

    def plan(
        self, step: int, corruption: Corruption | None = None, stream: int = 0, batch: int = 0
    ) -> TextShare:
        """The sequences of update ``step``, longest first.

        Args:
            step: number of the update.
            corruption: what is done to them; the planner's own by default.
            stream: number of the random draws, for corruptions of the same text.
            batch: sequences, drawn from another place for each stream; 0 is the planner's own
                number, drawn from one place for all.
        """

    def held_back(self, corruption: Corruption | None = None, stream: int = 0) -> TextShare:
        """The sequences kept for validation; what is done to them never changes."""


class TextPlanner:
    """Draws the sequences of each update, and lets a rule corrupt them."""

    def __init__(
        self,
        names: Sequence[str],
        texts: Sequence[Sequences],
        sampler: Sampler,
        first: Corruption | None,
        batch: int,
        seed: int,
    ) -> None:
        """Plan for texts, one per language; ``batch`` sequences make an update.

        ``first`` corrupts them where no other corruption is asked for; None leaves them as is.
        """
        self.names = names
        self._texts, self._sampler, self._first = texts, sampler, first
        self._batch, self._seed = batch, seed

    def plan(
        self, step: int, corruption: Corruption | None = None, stream: int = 0, batch: int = 0
    ) -> TextShare:
        """The sequences of update ``step``, longest first; see `Planner`."""
        begin = begin_of(stream, self._sampler.epoch_size) if batch else 0
        number = batch or self._batch
        draw = self._sampler.draw(begin + step * number, number)
        return self._corrupted(draw, corruption, [self._seed, _MASKS, step], stream)

    def held_back(self, corruption: Corruption | None = None, stream: int = 0) -> TextShare:
        """The sequences kept for validation; what is done to them never changes."""
        draw = self._sampler.held_back()
        return self._corrupted(draw, corruption, [self._seed, _HELD_BACK_MASKS], stream)

    def _corrupted(
        self, draw: Draw, corruption: Corruption | None, key: list[int], stream: int
    ) -> TextShare:
        drawn = zip(draw.languages.tolist(), draw.items.tolist(), strict=True)
        original = [self._texts[language][item] for language, item in drawn]
        single = np.zeros(len(original), dtype=np.int64)
        return corrupted(
            draw.languages, original, single, (), corruption or self._first, draws(key, stream)
        )


def begin_of(stream: int, epoch: int) -> int:
    """Where in an endless stream the n-th reader of it begins, so that each reads other items."""
    return stream * (epoch // 7)


def draws(key: list[int], stream: int) -> np.random.Generator:
    """Random draws; those of streams lie apart, and the first has no number."""
    return np.random.default_rng([*key, *([stream] if stream else [])])


def corrupted(
    languages: Ids,
    texts: Sequence[Ids],
    firsts: Ids,
    between: Sequence[int],
    rule: Corruption | None,
    rng: np.random.Generator,
) -> TextShare:
    """The sequences of an update, longest first, with what a rule does to them.

    Args:
        languages: of each sequence.
        texts: the pieces of each, without control tokens.
        firsts: pieces of the first of two texts; 0 where there is only one.
        between: control tokens between two texts.
        rule: hides pieces of them; None leaves them as they are.
        rng: draws.
    """
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    order = np.argsort(-lengths, kind="stable")
    firsts, original = firsts[order], [texts[row] for row in order.tolist()]
    if not original or rule is None:
        seen, guessed = original, [np.zeros(len(ids), dtype=bool) for ids in original]
    else:
        ends = np.cumsum(lengths[order])[:-1]
        found = rule.hide(np.concatenate(original), lengths[order], rng)
        seen, guessed = np.split(found[0], ends), np.split(found[1], ends)
    if firsts.any():
        middle = np.asarray(between, dtype=np.int64)
        nothing = np.zeros(len(middle), dtype=bool)
        original, seen, guessed = (
            [
                np.insert(ids, np.full(len(part), first), part) if first else ids
                for ids, first in zip(rows, firsts.tolist(), strict=True)
            ]
            for rows, part in ((original, middle), (seen, middle), (guessed, nothing))
        )
    return TextShare(
        languages[order], original, seen, guessed, np.arange(len(original)), firsts, len(between)
    )
