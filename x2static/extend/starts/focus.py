"""FOCUS (Dobler and de Melo 2023): new pieces from overlapping ones that occur like them.

Vectors of the new pieces are trained on the new text alone (fastText, pieces as words), so nothing
has to be aligned: an overlapping piece is at home in them and in the old table.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from x2static.core.errors import require
from x2static.extend.starts.mixture import Mixture
from x2static.extend.starts.problem import StartProblem

_WIDTH, _EPOCHS, _LEAST = 100, 3, 10  # the paper's
_AT_ONCE = 512


def focus_start(problem: StartProblem) -> Mixture:
    """Overlapping pieces keep their rows; others are sparse means of them.

    Raises:
        MissingDependencyError: gensim is not installed.
    """
    mixture = problem.unknown()
    mixture.copy_rows(problem.shared)
    ids, vectors = piece_vectors(problem, _WIDTH, _EPOCHS, _LEAST)
    shared = problem.shared
    anchors = [row for row, number in enumerate(ids.tolist()) if number in shared]
    others = np.array([row for row, number in enumerate(ids.tolist()) if number not in shared])
    mixture.notes["anchors"] = len(anchors)
    if not anchors or not len(others):
        return mixture
    old = np.array([shared[int(ids[row])] for row in anchors])
    for first in range(0, len(others), _AT_ONCE):
        rows = others[first : first + _AT_ONCE]
        weights = sparsemax(vectors[rows] @ vectors[anchors].T)
        most = int((weights > 0).sum(axis=1).max())
        best = np.argsort(-weights, axis=1, kind="stable")[:, :most]
        mixture.mix_rows(ids[rows], old[best], np.take_along_axis(weights, best, 1))
    return mixture


def sparsemax(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    """(N, K) weights of each row of scores: their projection onto the simplex (Martins 2016)."""
    ordered = -np.sort(-np.asarray(scores, dtype=np.float64), axis=1)
    sums = np.cumsum(ordered, axis=1)
    ranks = np.arange(1, scores.shape[1] + 1)
    size = (1 + ranks * ordered > sums).sum(axis=1, keepdims=True)
    threshold = (np.take_along_axis(sums, size - 1, 1) - 1) / size
    return np.asarray(np.maximum(scores - threshold, 0), dtype=np.float64)


def piece_vectors(
    problem: StartProblem, width: int, epochs: int, least: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Ids of the new pieces that occur ``least`` times, and a unit vector for each (fastText)."""
    require("gensim", "gensim", "--init focus")
    from gensim.models import FastText

    class Lines:
        def __iter__(self) -> Iterator[list[str]]:
            for ids in problem.lines():
                yield [problem.new.pieces[number] or "▁" for number in ids]

    model = FastText(
        Lines(),
        vector_size=width,
        epochs=epochs,
        min_count=least,
        sg=1,
        workers=1,
        seed=problem.seed + 1,
    )
    known = [piece for piece in model.wv.index_to_key if piece in problem.new.index]
    ids = np.array([problem.new.index[piece] for piece in known], dtype=np.int64)
    vectors = np.stack([model.wv[piece] for piece in known]) if known else np.zeros((0, width))
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return ids, np.asarray(vectors / np.where(norms > 0, norms, 1), dtype=np.float32)
