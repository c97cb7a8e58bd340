"""Contrastive polishing against a transcription in loops; gradients by finite differences."""

from __future__ import annotations

import numpy as np
import pytest

from align.refine.contrast import Contrast, Drawn, Turns, contrast_loss, contrast_turns
from align.vecmap.pairs import PairRows
from tests.align import oracles
from tests.align.planted import plant

CUTOFF, HEAT = 40, 0.2


@pytest.fixture
def small(rng):
    """Two small languages; some words have two translations, some lie beyond the cutoff."""
    world = plant(rng, size=60, width=5, noise=0.5)
    x, z = (oracles.normalized(m).astype(np.float32) for m in (world.source, world.target))
    rows = np.arange(0, 60, 3)
    source, target = np.r_[rows, rows[:6]], np.r_[world.translation[rows], rows[:6]]
    turns = Turns(*(np.eye(5) + 0.1 * rng.standard_normal((5, 5)) for _ in range(2)))
    return x, z, PairRows(source, target), turns


def transcription(turns, x, z, pairs, batch, drawn):
    weights = [CUTOFF / len(rows) for rows in drawn[:2]]
    known = set(zip(*map(np.ndarray.tolist, pairs), strict=True))
    x, z = (side.astype(np.float64) @ turn for side, turn in zip((x, z), turns, strict=True))
    x, z = (side / np.linalg.norm(side, axis=1, keepdims=True) for side in (x, z))
    terms = []
    for a, b in zip(*batch, strict=True):
        right = np.exp(x[a] @ z[b] / HEAT)
        there = [np.exp(x[a] @ z[j] / HEAT) for j in drawn.target if (a, j) not in known]
        back = [np.exp(x[i] @ z[b] / HEAT) for i in drawn.source if (i, b) not in known]
        for weight, wrong in zip(weights, (back, there), strict=True):
            terms.append(np.log((right + weight * sum(wrong)) / right))
    return 2 * np.mean(terms)


@pytest.mark.parametrize("count", [CUTOFF, 13])
def test_loss_and_gradients_are_those_of_the_transcription(small, rng, count):
    x, z, pairs, turns = small
    batch = PairRows(pairs.source[3:19], pairs.target[3:19])
    drawn = Drawn.all_of(CUTOFF, x, z).some(count, rng)
    assert [len(rows) for rows in drawn[:2]] == [count] * 2
    found = contrast_loss(turns, x, z, pairs, batch, drawn, HEAT)
    assert found.loss == pytest.approx(transcription(turns, x, z, pairs, batch, drawn), abs=1e-5)
    for side, gradient in enumerate(found.gradients):
        for i, j in [(0, 0), (1, 3), (4, 2)]:
            ends = []
            for sign in (1, -1):
                moved = [turn.copy() for turn in turns]
                moved[side][i, j] += sign * 1e-5
                ends.append(transcription(moved, x, z, pairs, batch, drawn))
            assert gradient[i, j] == pytest.approx((ends[0] - ends[1]) / 2e-5, abs=1e-3)


def test_a_fixed_target_changes_the_gradients_of_the_target_alone(small):
    x, z, pairs, turns = small
    all_words = Drawn.all_of(CUTOFF, x, z)
    free = contrast_loss(turns, x, z, pairs, pairs, all_words, HEAT)
    fixed = contrast_loss(turns, x, z, pairs, pairs, all_words, HEAT, is_target_fixed=True)
    assert fixed.loss == free.loss
    np.testing.assert_array_equal(fixed.gradients.source, free.gradients.source)
    assert np.abs(free.gradients.target).min() > 0
    assert not fixed.gradients.target.any()
    turned = contrast_turns(x, z, pairs, CUTOFF, Contrast(steps=3), is_target_fixed=True)
    np.testing.assert_array_equal(turned.target, np.eye(5))
    assert not np.allclose(turned.source, np.eye(5))


def test_words_are_drawn_anew_from_the_frequent_ones_of_each_side(small, rng):
    x, z, *_ = small
    frequent = Drawn.all_of(CUTOFF, x[:20], z)
    assert frequent.source.tolist() == list(range(20))
    assert frequent.target.tolist() == list(range(CUTOFF))
    first, second = (frequent.some(30, rng) for _ in range(2))
    assert first.source.tolist() == list(range(20))  # no more than there are
    assert first.target.tolist() != second.target.tolist()
    for drawn in (first, second):
        assert sorted(set(drawn.target.tolist())) == drawn.target.tolist()
        assert len(drawn.target) == 30
        assert drawn.target.max() < CUTOFF
        assert drawn.turned() == (drawn.target, drawn.source, CUTOFF)


def found_share(x, z, translation, tested):
    z = z / np.linalg.norm(z, axis=1, keepdims=True)
    return float(((x[tested] @ z.T).argmax(axis=1) == translation[tested]).mean())


def test_words_not_learned_from_are_found_more_often(rng):
    world = plant(rng, size=600, width=30, noise=1.2)
    x, z = (oracles.normalized(m).astype(np.float32) for m in (world.source, world.target))
    learned, tested = np.arange(0, 600, 2), np.arange(1, 600, 2)
    pairs = PairRows(learned, world.translation[learned])
    start = np.linalg.svd(x[learned].T @ z[pairs.target])
    x = (x @ (start[0] @ start[2])).astype(np.float32)
    turns = contrast_turns(x, z, pairs, 600, Contrast(rate=0.02))
    before = found_share(x, z, world.translation, tested)
    after = found_share(x @ turns.source, z @ turns.target, world.translation, tested)
    assert 0.5 < before < after - 0.05


def test_every_pair_is_learned_from_and_runs_are_alike(small):
    x, z, pairs, _ = small
    once, again = (contrast_turns(x, z, pairs, CUTOFF, Contrast(steps=5)) for _ in range(2))
    np.testing.assert_array_equal(once.source, again.source)
    few = PairRows(pairs.source[:-1], pairs.target[:-1])
    other = contrast_turns(x, z, few, CUTOFF, Contrast(steps=5))
    assert not np.allclose(other.source, once.source)
