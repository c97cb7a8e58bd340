"""Precision on held-out pairs, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from align.search.precision import Precision, mean_precision, precision_at_one
from align.vecmap.pairs import PairRows


def test_csls_finds_what_a_hub_hides_from_plain_neighbours():
    """Twelve words with cosine 0.9 to a hub and 0.83 to their translations.

    Plain neighbours name the hub each time. CSLS takes half of the mean of a candidate's ten
    largest cosines off: 0.9 - 0.45 for the hub, 0.83 - (0.83 + 9 x 0.45) / 20 = 0.58 for each
    translation.
    """
    axes = np.eye(13, dtype=np.float32)
    source = 0.9 * axes[0] + np.float32(0.19**0.5) * axes[1:]
    target = np.concatenate([0.5 * axes[0] + np.float32(0.75**0.5) * axes[1:], axes[:1]])
    pairs = PairRows(np.arange(12), np.arange(12))
    assert precision_at_one(source, target, pairs) == (0.0, 1.0, 12)
    assert precision_at_one(source, target[:12], pairs) == (1.0, 1.0, 12)


def test_scores_of_several_divisions_are_averaged_and_their_words_added():
    mean = mean_precision([Precision(0.2, 0.4, 10), Precision(0.4, 0.8, 30)])
    assert mean == (pytest.approx(0.3), pytest.approx(0.6), 40)
