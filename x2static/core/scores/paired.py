"""Two scores on the same items: is the difference news, or the luck of a few of them?

Items that both find, or both miss, say nothing about the difference. McNemar's exact test asks how
likely gains and losses would part so unevenly if each were as likely as the other; the interval is
the bootstrap's over items.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

_DRAWS = 10_000
_LEVEL = 0.05


@dataclass(frozen=True)
class Paired:
    """What changed between two scores.

    Attributes:
        items: that both were measured on.
        gained: right afterwards only.
        lost: right before only.
        interval: 95 % of the difference of the two shares.
        p: of the exact test; 1 where nothing changed.
    """

    items: int
    gained: int
    lost: int
    interval: tuple[float, float]
    p: float

    @property
    def difference(self) -> float:
        """Share after less share before."""
        return (self.gained - self.lost) / self.items

    @property
    def is_news(self) -> bool:
        """Whether chance alone would bring it about less than once in twenty times."""
        return self.p < _LEVEL

    def __str__(self) -> str:
        low, high = (100 * end for end in self.interval)
        return (
            f"{self.gained:,} gained, {self.lost:,} lost of {self.items:,}; difference "
            f"{100 * self.difference:+.1f} [{low:+.1f}, {high:+.1f}], p {shown_p(self.p)}"
        )


def shown_p(p: float) -> str:
    """``0.023``, or ``< 0.001``."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def marks(is_right: Iterable[bool]) -> str:
    """One letter an item, ``1`` where it was found."""
    return "".join("1" if one else "0" for one in is_right)


def paired(before: object, after: object) -> Paired | None:
    """The comparison of two results of `marks`; None where they are not of the same items."""
    if not (isinstance(before, str) and isinstance(after, str)):
        return None
    if not before or len(before) != len(after) or (set(before) | set(after)) - {"0", "1"}:
        return None
    both = list(zip(before, after, strict=True))
    gained, lost = both.count(("0", "1")), both.count(("1", "0"))
    return Paired(len(both), gained, lost, _interval(len(both), gained, lost), _p(gained, lost))


def _p(gained: int, lost: int) -> float:
    """Two-sided binomial test of one half."""
    changed, fewer = gained + lost, min(gained, lost)
    if not changed:
        return 1.0
    tail = sum(math.comb(changed, few) for few in range(fewer + 1))
    p: float = min(1.0, 2 * tail / 2**changed)
    return p


def _interval(items: int, gained: int, lost: int) -> tuple[float, float]:
    """Items drawn again with replacement, counted by what became of them."""
    shares = np.array([gained, lost, items - gained - lost]) / items
    drawn = np.random.default_rng(0).multinomial(items, shares, size=_DRAWS)
    low, high = np.percentile((drawn[:, 0] - drawn[:, 1]) / items, [2.5, 97.5])
    return float(low), float(high)
