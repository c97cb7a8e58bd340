"""How often each pair of languages of each source is drawn: cells of a table, and their shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Shares = NDArray[np.float64]


@dataclass(frozen=True)
class Cells:
    """Each two languages of each source that have sentence pairs.

    Attributes:
        sources: (C,) number of the source.
        firsts: (C,) number of the language that comes first.
        seconds: (C,) number of the other.
        sizes: (C,) sentence pairs.
    """

    sources: Numbers
    firsts: Numbers
    seconds: Numbers
    sizes: Numbers

    @classmethod
    def of(cls, counts: Numbers) -> Cells:
        """Those of (S, L, L) sentence pairs of each two languages in each source."""
        sources, firsts, seconds = np.nonzero(np.triu(counts))
        return cls(sources, firsts, seconds, counts[sources, firsts, seconds])

    def __len__(self) -> int:
        return len(self.sizes)

    def weights(self, numbers: Numbers, shares: Shares, limit: float) -> Shares:
        """(C,) the share of each cell: that of its pair, given out to sources by size.

        Args:
            numbers: (C,) number of each cell's pair of languages; -1 for one that has no share.
            shares: (P,) of the pairs of languages.
            limit: the most of its pair that a source may give, where there are enough sources.
        """
        found = np.zeros(len(self))
        order = np.argsort(numbers, kind="stable")
        for members in np.split(order, np.flatnonzero(np.diff(numbers[order])) + 1):
            if len(members) and numbers[members[0]] >= 0:
                sizes = self.sizes[members]
                found[members] = shares[numbers[members[0]]] * capped(sizes / sizes.sum(), limit)
        return found


def capped(shares: Shares, limit: float) -> Shares:
    """Shares of which none is above the limit; what is cut off goes to the others by their size.

    Where so few share that the limit cannot be kept, all get the same.
    """
    found: Shares = shares.copy()
    if limit * len(shares) <= 1:
        found[:] = 1 / len(shares)
        return found
    is_full = np.zeros(len(shares), dtype=bool)
    while (found > limit * (1 + 1e-12)).any():
        is_full |= found > limit * (1 - 1e-12)
        found[is_full] = limit
        rest = shares[~is_full]
        found[~is_full] = rest / rest.sum() * (1 - limit * is_full.sum())
    return found
