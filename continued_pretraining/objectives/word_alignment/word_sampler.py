"""A stream of words in which frequent ones come more often."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from continued_pretraining.text.sampling import Sampler
from continued_pretraining.text.shuffle import shuffled

_FREQUENT_PASS = 105  # key of the shuffle
_GOLDEN = 0.6180339887498949


class FrequencySampler(Sampler):
    """Draws the word of rank r about as often as r^(-1/2): the root of its frequency, by Zipf.

    A pass over a language has as many draws as there are words. The draws of a pass are spread
    evenly over the distribution, in an order of its own, and moved a little from pass to pass, so
    that rare words take turns. Items must be numbered by falling frequency.
    """

    def __init__(
        self, sizes: Sequence[int], temperature: float, seed: int, held_back: int = 0
    ) -> None:
        """Plan the stream; see `Sampler`."""
        super().__init__(sizes, temperature, seed, held_back)
        held = self.held_back()
        self._held_items = [
            np.sort(held.items[held.languages == language]) for language in range(len(sizes))
        ]

    def _items_at(
        self, languages: NDArray[np.int64], turns: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        items = np.empty(len(turns), dtype=np.int64)
        passes, within = turns // self._sizes[languages], turns % self._sizes[languages]
        for language, number in {*zip(languages.tolist(), passes.tolist(), strict=True)}:
            chosen = (languages == language) & (passes == number)
            size = int(self._sizes[language])
            key = (self._seed, _FREQUENT_PASS, language, number)
            moved = (number * _GOLDEN + 0.5) % 1
            share = (shuffled(within[chosen], size, key) + moved) / size
            ranks = np.minimum((size * share**2).astype(np.int64), size - 1)
            items[chosen] = self._without_held(language, ranks)
        return items

    def _without_held(self, language: int, ranks: NDArray[np.int64]) -> NDArray[np.int64]:
        """The items of given ranks among those that are not held back."""
        held = self._held_items[language]
        return ranks + np.searchsorted(held - np.arange(len(held)), ranks, side="right")
