"""Which item of which language stands at which place of the endless training stream."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from continued_pretraining.text.shuffle import shuffled

_HELD_BACK, _EPOCH, _PASS = 101, 102, 103  # keys of the three kinds of shuffle


@dataclass(frozen=True)
class Draw:
    """Items of an update.

    Attributes:
        languages: (B,) number of each item's language.
        items: (B,) number of each item within its language.
    """

    languages: NDArray[np.int64]
    items: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.items)


class Sampler:
    """An endless stream of items from several languages.

    The stream is cut into epochs, as long as there are items in all. Within an epoch a language has
    a fixed quota, its share of the temperature-scaled sizes; its own items come in passes, each of
    them once per pass, in an order of its own. At temperature 1 quotas are sizes, so that one epoch
    visits each item exactly once.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        temperature: float,
        seed: int,
        held_back: int = 0,
        shares: Callable[[NDArray[np.int64]], NDArray[np.float64]] | None = None,
    ) -> None:
        """Plan the stream.

        Args:
            sizes: items of each language.
            temperature: quotas are proportional to size ** (1 / temperature).
            seed: of the order.
            held_back: items to keep out of the stream, about equally many of each language and
                at most a tenth of it.
            shares: of the languages by their sizes, in the place of the temperature's.
        """
        self._all = np.asarray(sizes, dtype=np.int64)
        self._held = hold_back(self._all, held_back)
        self._sizes = self._all - self._held
        self._seed = seed
        self.epoch_size = int(self._sizes.sum())
        if shares is None:
            self._quotas = apportion(self._sizes, temperature)
        else:
            self._quotas = divide(self.epoch_size, shares(self._sizes))
        self._ends = np.cumsum(self._quotas)

    @property
    def shares(self) -> NDArray[np.float64]:
        """(L,) share of each language in the stream."""
        return np.asarray(self._quotas / self.epoch_size)

    def draw(self, first: int, count: int) -> Draw:
        """The items at places ``first`` to ``first + count - 1`` of the stream."""
        places = np.arange(first, first + count)
        epochs, within = places // self.epoch_size, places % self.epoch_size
        languages = np.empty(count, dtype=np.int64)
        turns = np.empty(count, dtype=np.int64)
        for epoch in np.unique(epochs):
            chosen = epochs == epoch
            slots = shuffled(within[chosen], self.epoch_size, (self._seed, _EPOCH, int(epoch)))
            language = np.searchsorted(self._ends, slots, side="right")
            start = self._ends[language] - self._quotas[language]
            languages[chosen] = language
            turns[chosen] = epoch * self._quotas[language] + slots - start
        return Draw(languages, self._items_at(languages, turns))

    def held_back(self) -> Draw:
        """The items that never come in the stream."""
        languages = np.repeat(np.arange(len(self._held)), self._held)
        firsts = np.concatenate(([0], np.cumsum(self._held)))[:-1]
        places = np.arange(len(languages)) - firsts[languages]
        return Draw(languages, self._scattered(languages, places))

    def _items_at(
        self, languages: NDArray[np.int64], turns: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """The item that a language gives at its n-th turn."""
        places = np.empty(len(turns), dtype=np.int64)
        passes, within = turns // self._sizes[languages], turns % self._sizes[languages]
        for language, number in {*zip(languages.tolist(), passes.tolist(), strict=True)}:
            chosen = (languages == language) & (passes == number)
            key = (self._seed, _PASS, language, number)
            places[chosen] = shuffled(within[chosen], int(self._sizes[language]), key)
        return self._scattered(languages, places + self._held[languages])

    def _scattered(
        self, languages: NDArray[np.int64], places: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Items behind the places of a fixed shuffle, of which the first few are held back."""
        items = np.empty(len(places), dtype=np.int64)
        for language in np.unique(languages):
            chosen = languages == language
            key = (self._seed, _HELD_BACK, int(language))
            items[chosen] = shuffled(places[chosen], int(self._all[language]), key)
        return items


def hold_back(sizes: NDArray[np.int64], wanted: int) -> NDArray[np.int64]:
    """(L,) how many items of each language to hold back, ``wanted`` in all where there are."""
    if not len(sizes):
        return sizes
    share = -(-wanted // len(sizes))
    return np.asarray(np.minimum(share, sizes // 10), dtype=np.int64)


def apportion(sizes: NDArray[np.int64], temperature: float) -> NDArray[np.int64]:
    """(L,) quotas that add up to the sum of the sizes; equal to them at temperature 1."""
    return divide(int(sizes.sum()), sizes.astype(np.float64) ** (1 / temperature))


def divide(total: int, weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """(L,) whole numbers in proportion to the weights that add up to the total."""
    exact = weights / weights.sum() * total
    quotas = np.floor(exact + 1e-6).astype(np.int64)
    missing = int(total - quotas.sum())
    quotas[np.argsort(quotas - exact, kind="stable")[:missing]] += 1
    return np.asarray(quotas, dtype=np.int64)
