"""Aligned vectors of several languages as one table for sentences.

A sentence's vector is the mean of its words' rows, nothing else: that is all that StaticEmbedding
and Model2Vec do. So what a good sentence vector needs is put into the rows: the weight of each word
by its rarity, a / (a + p(w)) (SIF, Arora, Liang and Ma 2017), and the direction that all sentences
of a language share, taken out of every row. Both are linear in the rows, so the mean of such rows
is what weighing and taking out would give.

A word that several languages spell alike has one row: the mean of theirs, each by its share p(w) of
its language's text; so "die" stays German where English hardly uses it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from x2static.core.errors import VectorFormatError
from x2static.core.normalize import unit
from x2static.core.vectors import FloatMatrix, WordVectors

SCALE = 1e-3
_SENTENCE = 15
"""Words of a sentence, about: how much of what its words differ by is left in their mean."""


def shares_of(vectors: WordVectors) -> NDArray[np.float64]:
    """(N,) share of each word in its text; without counts it falls with the rank (Zipf).

    A word that was never counted is as rare as half an occurrence.
    """
    if vectors.counts is None:
        shares = 1 / np.arange(1, len(vectors) + 1)
    else:
        shares = np.maximum(vectors.counts.astype(np.float64), 0.5)
    return np.asarray(shares / max(float(shares.sum()), np.finfo(np.float64).tiny))


def sentence_rows(vectors: WordVectors, scale: float = SCALE) -> FloatMatrix:
    """(N, D) rows whose mean over the words of a sentence is its vector.

    The shared direction is that of sentences of some fifteen words drawn by their shares: the first
    eigenvector of m m' + (S - m m') / 15, with m the mean weighted row and S the mean of its outer
    products.

    Args:
        vectors: of one language, in the space that all share.
        scale: a of the weights.
    """
    shares = shares_of(vectors)
    weighted = unit(vectors.matrix) * (scale / (scale + shares)).astype(np.float32)[:, None]
    wide = weighted.astype(np.float64)
    mean = shares @ wide
    outer = np.outer(mean, mean)
    spread = (wide * shares[:, None]).T @ wide
    first = np.linalg.eigh(outer + (spread - outer) / _SENTENCE)[1][:, -1].astype(np.float32)
    rows: FloatMatrix = weighted - np.outer(weighted @ first, first).astype(np.float32)
    return rows


def merged(languages: Mapping[str, WordVectors]) -> tuple[WordVectors, int]:
    """One table of all languages, and how many words several of them share.

    Words stand by their largest share in any language.

    Raises:
        VectorFormatError: the languages differ in width.
    """
    widths = {code: vectors.width for code, vectors in languages.items()}
    if len(set(widths.values())) > 1:
        shown = ", ".join(f"{code} {width}" for code, width in widths.items())
        raise VectorFormatError(f"--languages: the vectors differ in width ({shown}): align them")
    row_of: dict[str, int] = {}
    for vectors in languages.values():
        for word in vectors.words:
            row_of.setdefault(word, len(row_of))
    width = next(iter(widths.values()))
    sums, weights = np.zeros((len(row_of), width), np.float32), np.zeros(len(row_of))
    most = np.zeros(len(row_of))
    for vectors in languages.values():
        places = np.array([row_of[word] for word in vectors.words], np.int64)
        shares = shares_of(vectors)
        sums[places] += sentence_rows(vectors) * shares.astype(np.float32)[:, None]
        weights[places] += shares
        most[places] = np.maximum(most[places], shares)
    sums /= weights.astype(np.float32)[:, None]
    order = np.argsort(-most, kind="stable")
    words = list(row_of)
    num_shared = sum(len(vectors) for vectors in languages.values()) - len(words)
    return WordVectors([words[row] for row in order], sums[order]), num_shared
