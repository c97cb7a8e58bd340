"""Our own start: old pieces that are near in one space of both languages, in both directions.

As in WECHSEL a piece's vector is the mean over words that hold it. But the hub has aligned the
words; neighbours are by CSLS, so that a piece near everything is near nothing; those count that are
neighbours in both directions, where there are any; and a piece that both vocabularies have keeps
its row only where its old namesake is among its neighbours, since it may be a false friend. Pieces
without a vector are drawn as in `script_start`, or keep their namesake's row.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from x2static.core.neighbors import csls_top_k, mean_similarity
from x2static.extend.starts.mixture import Mixture
from x2static.extend.starts.plain import script_start
from x2static.extend.starts.problem import StartProblem
from x2static.extend.starts.wechsel import piece_means, unit

_TEMPERATURE = 0.1


def aligned_start(problem: StartProblem) -> Mixture:
    """Rows are means over mutual neighbours; words of both languages lie in one space."""
    known, new = problem.known_words, problem.new_words
    if known is None or new is None:
        raise ValueError("aligned needs vectors")
    mixture = script_start(problem)
    center = unit(known.matrix).mean(axis=0)
    old_ids, old = piece_means(
        known, unit(known.matrix) - center, problem.split_old, len(problem.old)
    )
    new_ids, rows = piece_means(new, unit(new.matrix) - center, problem.split_new, len(problem.new))
    to_old, to_new = mean_similarity(rows, old), mean_similarity(old, rows)
    count = min(problem.neighbors, len(old))
    near, scores = csls_top_k(rows, old, count, query_means=to_old, candidate_means=to_new)
    back, _ = csls_top_k(old, rows, count, query_means=to_new, candidate_means=to_old)
    mutual = (back[near] == np.arange(len(rows))[:, None, None]).any(axis=2)
    weights = np.exp((scores - scores[:, :1]).astype(np.float64) / _TEMPERATURE)
    weights = np.where(mutual.any(axis=1)[:, None], weights * mutual, weights)
    shared = problem.shared
    mixture.mix_rows(new_ids, old_ids[near], weights)
    kept = agreeing(new_ids, old_ids[near], shared)
    mixture.copy_rows({row: shared[row] for row in kept})
    mixture.copy_rows(problem.controls)
    without = {row: shared[row] for row in shared if row not in set(new_ids.tolist())}
    mixture.copy_rows(without)
    false_friends = [row for row in shared if row not in without and row not in set(kept)]
    mixture.notes |= {
        "with_mutual_neighbors": int(mutual.any(axis=1).sum()),
        "false_friends": len(set(false_friends) - set(problem.controls)),
    }
    return mixture


def agreeing(rows: NDArray[np.int64], near: NDArray[np.int64], shared: dict[int, int]) -> list[int]:
    """The new rows whose namesake is among their old neighbours.

    Args:
        rows: (M,) new rows.
        near: (M, K) their old neighbours.
        shared: the namesake of each new row that has one.
    """
    return [
        row
        for row, found in zip(rows.tolist(), near.tolist(), strict=True)
        if shared.get(row, -1) in found
    ]
