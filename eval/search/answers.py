"""The candidate that each query ranks first, asking for as little hubness as it can."""

from __future__ import annotations

import numpy as np

from eval.search.hubness import Penalty
from eval.search.index import Rows
from x2static.core.vectors import FloatMatrix

_BLOCK_SCORES = 1 << 26  # 256 MiB of float32
_AT_ONCE = 16


def first_answers(queries: FloatMatrix, targets: FloatMatrix, penalty: Penalty) -> Rows:
    """(B,) row of the best target of each query; of equal ones the most frequent.

    An unknown penalty stands in by its lower bound, so a candidate can only fall once it is known:
    where the best one is known, it is the best.
    """
    answers = np.empty(len(queries), dtype=np.int64)
    step = max(1, _BLOCK_SCORES // len(targets))
    for start in range(0, len(queries), step):
        part = queries[start : start + step]
        products = (np.float32(penalty.weight) * part) @ targets.T  # (B, N)
        answers[start : start + step] = _settled(products, penalty)
    return answers


def _settled(products: FloatMatrix, penalty: Penalty) -> Rows:
    while True:
        scores = products - penalty.values.astype(np.float32)
        best: Rows = scores.argmax(axis=1)
        open_ = np.flatnonzero(~penalty.is_known[best])
        if not len(open_):
            return best
        count = min(_AT_ONCE, scores.shape[1])
        penalty.know(np.argpartition(-scores[open_], count - 1, axis=1)[:, :count].ravel())
