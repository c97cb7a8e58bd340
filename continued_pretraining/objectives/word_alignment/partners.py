"""For each word of a language another one, to tell relation from chance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from continued_pretraining.text.shuffle import shuffled

_BAND = 16  # words of the first band; each further one is twice as wide
_PARTNER = 104  # key of the shuffle


def partners(ranks: NDArray[np.int64], size: int, seed: int) -> NDArray[np.int64]:
    """Another word for each, one-to-one and always the same, about as frequent as the word.

    Args:
        ranks: numbers of words, by falling frequency.
        size: how many words there are; the only word of a language is its own partner.
        seed: chooses the pairs.
    """
    firsts = _BAND * (2 ** np.arange(1 + max(1, size).bit_length()) - 1)
    edges = np.append(firsts[(firsts == 0) | (firsts <= size - 2)], size)
    bands = np.searchsorted(edges, ranks, side="right") - 1
    found = np.empty_like(ranks)
    for band in np.unique(bands).tolist():
        chosen = bands == band
        first, width = int(edges[band]), int(edges[band + 1] - edges[band])
        order = shuffled(np.arange(width), width, (seed, _PARTNER, band))
        place = np.empty_like(order)
        place[order] = np.arange(width)
        found[chosen] = first + order[(place[ranks[chosen] - first] + 1) % width]
    return found
