"""WECHSEL (Minixhofer et al. 2022): new pieces from old ones that are near in aligned word vectors.

A dictionary turns the word vectors of the new language into the space of the known one (orthogonal
Procrustes); a piece's vector is the mean over words that hold it, by their frequency.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from x2static.core.errors import LexiconError
from x2static.core.neighbors import top_k
from x2static.core.text.lexicon import Lexicon
from x2static.core.vectors import WordVectors
from x2static.extend.starts.mixture import Mixture
from x2static.extend.starts.problem import StartProblem

_TEMPERATURE = 0.1  # the paper's
Split = Callable[[list[str]], list[list[int]]]
_AT_ONCE = 1 << 16
_FREQUENT = 10  # without counts a word's frequency is about 1 / (rank + this)


def wechsel_start(problem: StartProblem) -> Mixture:
    """Rows are means of the nearest old pieces, by softmax of their cosines.

    Raises:
        LexiconError: no pair of the dictionary is in both vocabularies.
    """
    known, new, lexicon = problem.known_words, problem.new_words, problem.lexicon
    if known is None or new is None or lexicon is None:
        raise ValueError("wechsel needs vectors and a dictionary")
    turn = procrustes(known, new, lexicon)
    old_ids, old = piece_means(known, np.asarray(known.matrix), problem.split_old, len(problem.old))
    new_ids, rows = piece_means(
        new, np.asarray(new.matrix) @ turn, problem.split_new, len(problem.new)
    )
    mixture = problem.unknown()
    best, cosines = top_k(rows, old, problem.neighbors)
    weights = np.exp((cosines - cosines[:, :1]).astype(np.float64) / _TEMPERATURE)
    mixture.mix_rows(new_ids, old_ids[best], weights)
    mixture.copy_rows(problem.controls)
    return mixture


def procrustes(known: WordVectors, new: WordVectors, lexicon: Lexicon) -> NDArray[np.float32]:
    """(D, D) the rotation of the new language's unit vectors onto the known one's.

    Raises:
        LexiconError: no pair is known.
    """
    pairs = [
        (known.index[a], new.index[b]) for a, b in lexicon if a in known.index and b in new.index
    ]
    if not pairs:
        raise LexiconError(
            f"--lexicon: none of {len(lexicon)} pairs has its first word in the known language's "
            "vectors and its second in the new one's; check the order of the languages"
        )
    rows = np.array(pairs)
    target, source = unit(known.matrix[rows[:, 0]]), unit(new.matrix[rows[:, 1]])
    left, _, right = np.linalg.svd(source.T @ target)
    return np.asarray(left @ right, dtype=np.float32)


def piece_means(
    vectors: WordVectors, matrix: NDArray[np.floating], split: Split, size: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Ids of the pieces that occur in words with vectors, and a unit vector of each.

    Args:
        vectors: the words, and their counts where they are known.
        matrix: (N, D) a row for each word.
        split: words to ids of pieces.
        size: of the vocabulary.
    """
    split_words = split(list(vectors.words))
    lengths = np.fromiter(map(len, split_words), np.int64, len(split_words))
    ids = np.fromiter((i for word in split_words for i in word), np.int64, int(lengths.sum()))
    counts = vectors.counts
    share = 1.0 / (np.arange(len(vectors)) + _FREQUENT) if counts is None else counts / counts.sum()
    words = np.repeat(np.arange(len(lengths)), lengths)
    total, weight = np.zeros((size, matrix.shape[1])), np.zeros(size)
    for first in range(0, len(ids), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        rows = unit(matrix[words[part]])
        np.add.at(total, ids[part], rows * share[words[part], None])
    np.add.at(weight, ids, share[words])
    found = np.flatnonzero(weight > 0)
    return found, unit(total[found] / weight[found, None])


def unit(matrix: NDArray[np.floating]) -> NDArray[np.float32]:
    """Rows of unit length; zeros stay."""
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    return np.asarray(matrix / np.where(norms > 0, norms, 1), dtype=np.float32)
