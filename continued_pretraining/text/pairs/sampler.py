"""Which sentence pair stands at which place of the endless stream of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from continued_pretraining.text.pairs.cells import Cells
from continued_pretraining.text.pairs.key_sets import KeySets
from continued_pretraining.text.sampling import divide
from continued_pretraining.text.shuffle import mixed_key, shuffled, shuffled_each

Numbers = NDArray[np.int64]
_EPOCH, _PASS = 201, 202  # keys of the two kinds of shuffle


@dataclass(frozen=True)
class PairDraw:
    """Sentence pairs of an update.

    Attributes:
        cells: (B,) number of each one's cell.
        keys: (B,) place of its key among those of its source.
    """

    cells: Numbers
    keys: Numbers

    def __len__(self) -> int:
        return len(self.cells)


class PairSampler:
    """An endless stream of sentence pairs.

    The stream is cut into epochs, as long as there are sentence pairs in all. Within an epoch a
    cell has a fixed quota, its share of these; its own pairs come in passes, each of them once per
    pass, in an order of its own. The pair at any place follows from the place alone.
    """

    def __init__(
        self,
        cells: Cells,
        weights: NDArray[np.float64],
        keys: list[KeySets],
        seed: int,
        phase: int = 0,
        *,
        held: bool = False,
    ) -> None:
        """Plan the stream.

        Args:
            cells: what is drawn from.
            weights: (C,) how often each is drawn.
            keys: of each source.
            seed: of the order.
            phase: number of the order, where shares change in the course of a run.
            held: draw from what is held back of training.
        """
        self._cells, self._keys, self._held = cells, keys, held
        self._seed, self._phase = seed, phase
        self.epoch_size = int(cells.sizes.sum())
        self._quotas = divide(self.epoch_size, weights)
        self._ends = np.cumsum(self._quotas)

    def draw(self, first: int, count: int) -> PairDraw:
        """The pairs at places ``first`` to ``first + count - 1`` of the stream."""
        places = np.arange(first, first + count)
        epochs, within = places // self.epoch_size, places % self.epoch_size
        slots = np.empty(count, dtype=np.int64)
        for epoch in np.unique(epochs):
            chosen = epochs == epoch
            key = (self._seed, _EPOCH, int(epoch), self._phase)
            slots[chosen] = shuffled(within[chosen], self.epoch_size, key)
        cells = np.searchsorted(self._ends, slots, side="right")
        turns = epochs * self._quotas[cells] + slots - (self._ends - self._quotas)[cells]
        sizes = self._cells.sizes[cells]
        passes, places = turns // sizes, turns % sizes
        keys = mixed_key(self._seed, _PASS, self._phase, cells, passes)
        return self._found(cells, shuffled_each(places, sizes, keys))

    def _found(self, cells: Numbers, items: Numbers) -> PairDraw:
        keys = np.empty_like(items)
        for cell in np.unique(cells):
            chosen = cells == cell
            source, one, other = (
                int(numbers[cell])
                for numbers in (self._cells.sources, self._cells.firsts, self._cells.seconds)
            )
            sets = self._keys[source]
            keys[chosen] = sets.choose(one, other, items[chosen], held=self._held)
        return PairDraw(cells, keys)
