"""The shares within a ball around given ones under which a loss is greatest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Shares = NDArray[np.float64]
_HALVINGS = 80


def best_response(shares: Shares, losses: Shares, radius: float, floor: float = 0.0) -> Shares:
    """The P of largest sum of p * loss with chi-square(P, shares) at most the radius.

    The chi-square distance is the sum of (p - q)^2 / q. The answer is q * max(floor, 1 + s (loss -
    eta)): eta makes it sum to 1, and s grows until the ball's surface is reached, or until nothing
    is left to take from those of smaller loss.

    Args:
        shares: Q, all above 0, summing to 1.
        losses: of each.
        radius: of the ball.
        floor: the least p / q.
    """
    spread = np.sqrt(shares @ (losses - shares @ losses) ** 2)
    if spread <= 1e-12 * (1 + np.abs(losses).max()) or not radius:
        unmoved: Shares = shares.copy()
        return unmoved
    unit = (losses - shares @ losses) / spread
    low, high = 0.0, np.sqrt(radius)
    while _distance(_at(shares, unit, high, floor), shares) < radius and high < 1e9:
        low, high = high, 2 * high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _distance(_at(shares, unit, middle, floor), shares) < radius:
            low = middle
        else:
            high = middle
    return _at(shares, unit, low, floor)


def _at(shares: Shares, unit: Shares, slope: float, floor: float) -> Shares:
    """The answer for a slope: what is cut off at the floor is taken from all others."""
    low, high = -1.0 - slope * np.ptp(unit), 1.0 + slope * np.ptp(unit)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        total = shares @ np.maximum(floor, 1 + slope * unit - middle)
        low, high = (middle, high) if total > 1 else (low, middle)
    found: Shares = shares * np.maximum(floor, 1 + slope * unit - high)
    found /= found.sum()
    return found


def _distance(found: Shares, shares: Shares) -> float:
    return float(((found - shares) ** 2 / shares).sum())
