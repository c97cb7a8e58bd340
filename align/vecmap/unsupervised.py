"""First pairs without any dictionary: words whose similarity profiles look alike."""

from __future__ import annotations

import numpy as np

from align.vecmap.induce.arrays import AlignmentError, FloatMatrix
from align.vecmap.induce.induction import PlainInducer, Ranks
from align.vecmap.normalization import fit_normalization
from align.vecmap.pairs import PairRows, pairs_of
from align.vecmap.presets import Direction, VecMapSettings


def profile_pairs(source: FloatMatrix, target: FloatMatrix, settings: VecMapSettings) -> PairRows:
    """Match words by their sorted similarities to the words of their own language.

    Args:
        source: normalised rows, most frequent first.
        target: the same of the other language.
        settings: normalisation of the profiles, neighbours of CSLS, direction, number of words.
    """
    size = min(len(source), len(target), settings.start_words)
    if size < 2:
        raise AlignmentError(f"an unsupervised start needs at least 2 words per side, got {size}")
    profiles = [similarity_profiles(side[:size], settings) for side in (source, target)]
    ones = np.ones(size, np.int64)
    found = PlainInducer(settings.csls).induce(profiles[0], profiles[1], Ranks(ones, ones))
    direction: Direction = settings.direction
    return pairs_of(found, direction)


def similarity_profiles(rows: FloatMatrix, settings: VecMapSettings) -> FloatMatrix:
    """Rows of (X X')^(1/2), each sorted, then normalised like the vectors.

    With X'X = V S^2 V', the root is Y Y' for Y = X V S^(-1/2): no decomposition of a large matrix.
    """
    wide = rows.astype(np.float64)
    values, vectors = np.linalg.eigh(wide.T @ wide)
    kept = values > values[-1] * 1e-12
    factor = (wide @ vectors[:, kept] * values[kept] ** -0.25).astype(np.float32)
    root = factor @ factor.T
    root.sort(axis=1)
    return fit_normalization(root, settings.normalize).apply(root)
