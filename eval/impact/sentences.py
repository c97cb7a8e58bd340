"""CKA of one layer and language with what it takes to trust it."""

from __future__ import annotations

import math
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.impact.cka import States, Sums, centred

_BLOCKS = 10
_LEFT_OUT = 0.01  # share of the longest rows
_NULL = 1000  # sentences that are paired at random


def examine(before: States, after: States, shuffles: int, seed: int) -> dict[str, Any]:
    """CKA, biased and not, interval, null and sensitivity of (N, D) states of the same sentences.

    The interval is by jackknife over ten blocks of sentences; the null pairs up to 1,000 of them at
    random; left out is the hundredth part whose states are farthest from the mean.

    Args:
        before: states of a model.
        after: states of another one.
        shuffles: random pairings.
        seed: of them.
    """
    x, y = centred(before), centred(after)
    blocks = min(_BLOCKS, len(x))
    parts = [Sums.of(x[start::blocks], y[start::blocks]) for start in range(blocks)]
    whole = reduce(lambda a, b: a + b, parts)
    value = whole.cka()
    rng = np.random.default_rng(seed)
    some = np.sort(rng.permutation(len(x))[:_NULL])
    null = [Sums.of(x[some], y[rng.permutation(some)]).cka() for _ in range(shuffles)]
    far = _farthest(x, y)
    return {
        "cka": value,
        "cka_biased": whole.cka(biased=True),
        "impact": 1 - value,
        "interval_95": _jackknife(whole, parts, value),
        "null": float(np.mean(null)) if null else None,
        "null_most": float(np.max(null)) if null else None,
        "without_farthest": whole.cka(without=Sums.of(x[far], y[far])),
        "farthest": len(far),
    }


def _farthest(x: States, y: States) -> NDArray[np.int64]:
    """The rows that are long in either set, relative to its mean length."""
    lengths = [np.einsum("nd,nd->n", some, some).astype(np.float64) for some in (x, y)]
    share = np.max([length / max(float(length.mean()), 1e-300) for length in lengths], axis=0)
    count = min(max(1, round(_LEFT_OUT * len(x))), len(x) - 4)
    return np.argsort(-share, kind="stable")[: max(count, 0)]


def _jackknife(whole: Sums, parts: list[Sums], value: float) -> list[float] | None:
    """A 95 % interval of 1 - CKA, by leaving out each block; None where blocks are too few."""
    if len(parts) < 3 or whole.xy.count - max(part.xy.count for part in parts) < 4:
        return None
    left = np.array([whole.cka(without=part) for part in parts])
    if not np.isfinite(left).all():
        return None
    size = len(parts)
    error = math.sqrt((size - 1) / size * float(((left - left.mean()) ** 2).sum()))
    half = 1.959963984540054 * error
    return [1 - value - half, 1 - value + half]
