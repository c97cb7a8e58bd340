"""How sure a score is: its 95 % interval over other items of the same kind, and when there are few.

A share of N items gets Wilson's interval (1927), which holds up for few items and near 0 and 1. A
correlation gets Fisher's z, for ranks with the variance of Bonett and Wright (2000). Both take the
items for independent and see nothing of the seeds.
"""

from __future__ import annotations

import math

METHOD = "95 %: Wilson's score interval for shares, Fisher's z for correlations"
FEW = 200
_Z = 1.959963984540054  # of the normal distribution, 2.5 % beyond it on either side

Interval = tuple[float, float]


def share_interval(share: float, items: int) -> Interval | None:
    """Wilson's interval of a share between 0 and 1; None without items."""
    if items < 1:
        return None
    spread = _Z * _Z / items
    center = (share + spread / 2) / (1 + spread)
    half = _Z * math.sqrt(share * (1 - share) / items + spread / (4 * items)) / (1 + spread)
    # the two are equal at 0 and 1 but for rounding
    low = 0.0 if share <= 0 else max(0.0, center - half)
    high = 1.0 if share >= 1 else min(1.0, center + half)
    return low, high


def correlation_interval(value: float, items: int, *, ranks: bool) -> Interval | None:
    """Fisher's interval of a correlation; None for fewer than four items, or where it is NaN.

    Args:
        value: the correlation.
        items: pairs that it is of.
        ranks: whether it is Spearman's, whose z varies more than Pearson's.
    """
    if items < 4 or math.isnan(value):
        return None
    if abs(value) >= 1:
        return value, value
    variance = (1 + value * value / 2 if ranks else 1) / (items - 3)
    z, half = math.atanh(value), _Z * math.sqrt(variance)
    return math.tanh(z - half), math.tanh(z + half)


def shown(interval: Interval | None) -> str:
    """``[7.4, 10.3]``, times 100; nothing where there is none."""
    if interval is None:
        return ""
    low, high = (f"{100 * end:.1f}".replace("-0.0", "0.0") for end in interval)
    return f"[{low}, {high}]"


def few(items: int, noun: str) -> str | None:
    """What to say of a score of few items; None where there are enough.

    Args:
        items: how many there are.
        noun: what they are, in the plural.
    """
    if items >= FEW:
        return None
    return f"{items} {noun}, fewer than {FEW}: differences within the 95 % interval mean nothing"
