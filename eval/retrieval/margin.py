"""The ratio margin of Artetxe and Schwenk (2019), by which xsim counts errors.

A candidate's cosine is divided by the mean cosine of both sentences with their K nearest ones of
the other side: (cos of x and z) / (r(x) / 2 + r(z) / 2).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from x2static.core.vectors import FloatMatrix

_ROWS = 2048


def nearest_by_margin(x: FloatMatrix, z: FloatMatrix, num: int) -> NDArray[np.int64]:
    """(N,) for each row of ``x`` the row of ``z`` with the largest margin; the first of equals.

    Args:
        x: (N, D) unit rows.
        z: (M, D) unit rows.
        num: K, neighbours in the means.
    """
    of_x, of_z = mean_nearest(x, z, num), mean_nearest(z, x, num)
    found = []
    for begin in range(0, len(x), _ROWS):
        cosines = x[begin : begin + _ROWS] @ z.T
        means = (of_x[begin : begin + _ROWS, None] + of_z[None]) / 2
        # Where sentences have nothing in common a mean may reach 0, and its ratio means nothing.
        margins = np.where(means > 0, cosines / np.where(means > 0, means, 1), -np.inf)
        found.append(margins.argmax(axis=1))
    return np.concatenate(found)


def mean_nearest(x: FloatMatrix, z: FloatMatrix, num: int) -> NDArray[np.float64]:
    """(N,) the mean cosine of each row of ``x`` with its K nearest rows of ``z``."""
    num = min(num, len(z))
    means = [
        np.partition(x[begin : begin + _ROWS] @ z.T, len(z) - num, axis=1)[:, -num:].mean(axis=1)
        for begin in range(0, len(x), _ROWS)
    ]
    return np.concatenate(means).astype(np.float64)
