"""Contrastive steps on maps that were learned before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from align.refine.contrast import Contrast, Drawn, Turns, contrast_loss
from align.refine.polish import polished
from align.vecmap.alignment import align_matrices, unchanged
from align.vecmap.pairs import PairRows
from align.vecmap.presets import preset_settings
from tests.align.planted import noisy
from x2static.core.normalize import unit


@pytest.mark.parametrize("is_target_fixed", [False, True])
def test_it_lowers_the_contrast(rng, is_target_fixed):
    x, z = noisy(rng, size=300, width=20)
    pairs = PairRows(np.arange(50, 150), np.arange(50, 150))
    found = align_matrices(x, z, preset_settings("supervised"), pairs)
    before = found.source, found.target
    # half of the pairs lie beyond the words that are looked among
    after = polished(before, (x, z), pairs, 100, Contrast(), is_target_fixed=is_target_fixed)
    same = Turns(np.eye(20), np.eye(20))

    def loss(maps):
        sides = unit(maps[0].apply(x)), unit(maps[1].apply(z))
        drawn = Drawn.all_of(100, *sides)
        return contrast_loss(same, *sides, pairs, pairs, drawn, 0.05).loss

    assert loss(after) < 0.95 * loss(before)
    assert not np.allclose(after[0].matrix, before[0].matrix)
    assert np.array_equal(after[1].matrix, before[1].matrix) == is_target_fixed


def test_what_is_added_in_the_end_is_turned_as_well(rng):
    rows, turn = rng.standard_normal((5, 4)).astype(np.float32), rng.standard_normal((4, 4))
    same = unchanged(4)
    moved = replace(same, offset=np.ones(4, np.float32))
    np.testing.assert_allclose(moved.turned(turn).apply(rows), (rows + 1) @ turn, rtol=1e-4)
    np.testing.assert_allclose(same.turned(turn).apply(rows), rows @ turn, rtol=1e-4)
