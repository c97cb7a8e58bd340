"""The sentence pairs of an update: two sentences in a sequence, or each by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from continued_pretraining.text.pairs.cells import Cells
from continued_pretraining.text.pairs.collection import PairCollection
from continued_pretraining.text.pairs.sampler import PairDraw
from continued_pretraining.text.plan import Corruption, TextShare, begin_of, corrupted, draws

Ids = NDArray[np.int64]
_MASKS, _HELD_BACK_MASKS, _ORDER = 11, 12, 13


@dataclass(frozen=True)
class Sides:
    """Sentences and their translations, each by itself.

    Attributes:
        pairs: (P,) number of each one's pair of languages.
        texts: P sentences, then the translation of each.
        sources: (P,) number of each pair's source.
        keys: (P,) its key there: pairs of one source and key say the same.
        hubs: (P,) place of what it says in the hub's language among the sentences of that
            language in its source; -1 where the source has none.
    """

    pairs: Ids
    texts: list[Ids]
    sources: Ids
    keys: Ids
    hubs: Ids

    def __len__(self) -> int:
        return len(self.pairs)


class PairPlanner:
    """Draws the sentence pairs of each update, and lets a rule corrupt them."""

    def __init__(
        self,
        collection: PairCollection,
        between: Sequence[int],
        longest: int,
        batch: int,
        seed: int,
    ) -> None:
        """Plan.

        Args:
            collection: the pairs.
            between: control tokens between the two sentences of a sequence.
            longest: pieces of a sequence, without the control tokens around it.
            batch: sentence pairs of an update.
            seed: of every draw.
        """
        self.collection, self.names = collection, collection.names
        self._between, self._longest = between, longest
        self._batch, self._seed = batch, seed
        self._sampler = collection.sampler()

    def plan(
        self, step: int, corruption: Corruption | None = None, stream: int = 0, batch: int = 0
    ) -> TextShare:
        """The pairs of update ``step``, two sentences a sequence; see `Planner`."""
        draw = self._draw(step, stream, batch)
        return self._joined(
            self.collection.cells, draw, corruption, [self._seed, _MASKS, step], stream
        )

    def held_back(self, corruption: Corruption | None = None, stream: int = 0) -> TextShare:
        """The pairs kept for validation; what is done to them never changes."""
        cells, draw = self.collection.held_back
        return self._joined(cells, draw, corruption, [self._seed, _HELD_BACK_MASKS], stream)

    def sides(self, step: int, stream: int, batch: int) -> Sides:
        """The pairs of an update, each sentence by itself."""
        return self._sides(self.collection.cells, self._draw(step, stream, batch))

    def held_back_sides(self) -> Sides:
        """The pairs kept for validation, each sentence by itself."""
        return self._sides(*self.collection.held_back)

    def reweigh(self, shares: NDArray[np.float64], phase: int) -> None:
        """Draw pairs of languages by other shares from now on, sentence pairs in another order."""
        self._sampler = self.collection.sampler(shares, phase)

    def examples(self, number: int, count: int) -> list[tuple[Ids, Ids]]:
        """Some sentence pairs of a pair of languages."""
        return self.collection.examples(number, count)

    def _draw(self, step: int, stream: int, batch: int) -> PairDraw:
        number = batch or self._batch
        begin = begin_of(stream, self._sampler.epoch_size)
        return self._sampler.draw(begin + step * number, number)

    def _sides(self, cells: Cells, draw: PairDraw) -> Sides:
        firsts, seconds = self.collection.sentences(cells, draw)
        texts = [ids[: self._longest] for ids in (*firsts, *seconds)]
        hub = np.full(len(draw), self.collection.hub, dtype=np.int64)
        sources, places = self.collection.places(cells, draw, hub)
        numbers = self.collection.numbers(cells)[draw.cells]
        return Sides(numbers, texts, sources, draw.keys, places)

    def _joined(
        self,
        cells: Cells,
        draw: PairDraw,
        corruption: Corruption | None,
        key: list[int],
        stream: int,
    ) -> TextShare:
        """Either sentence comes first half of the time; what is too long loses of both ends."""
        firsts, seconds = self.collection.sentences(cells, draw)
        is_flipped = draws([*key, _ORDER], stream).random(len(draw)) < 0.5
        texts, lengths = [], np.zeros(len(draw), dtype=np.int64)
        room = self._longest - len(self._between)
        for row, (one, other) in enumerate(zip(firsts, seconds, strict=True)):
            before, after = fitted(*((other, one) if is_flipped[row] else (one, other)), room)
            lengths[row] = len(before)
            texts.append(np.concatenate([before, after]))
        pairs = self.collection.numbers(cells)[draw.cells]
        return corrupted(pairs, texts, lengths, self._between, corruption, draws(key, stream))


def fitted(first: Ids, second: Ids, room: int) -> tuple[Ids, Ids]:
    """Two texts cut to so many pieces together, each in proportion, none to nothing."""
    total = len(first) + len(second)
    if total <= room:
        return first, second
    kept = min(max(1, round(room * len(first) / total)), room - 1)
    return first[:kept], second[: room - kept]
