"""Ridge and re-weighting decided on held-back pairs."""

from __future__ import annotations

import numpy as np
import pytest

from align.contrast import Turns, contrast_loss
from align.held_back import split, split_rare
from align.learning import learn_maps
from align.tuned import _choose, polish
from align.validation import Precision
from align.vecmap.alignment import Sides, align_matrices
from align.vecmap.arrays import AlignmentError
from align.vecmap.pairs import PairRows
from align.vecmap.presets import VecMapSettings, preset_settings
from tests.align import oracles
from tests.align.planted import plant, precision
from x2static.core.errors import ConfigError
from x2static.core.normalize import unit


def noisy(rng, size=600, width=40):
    """Meaning in a falling spectrum, the same noise in every direction."""
    spread = np.arange(1, width + 1) ** -0.7
    meaning = rng.standard_normal((size, width)) * spread
    sides = [
        (meaning + 0.2 * rng.standard_normal((size, width)))
        @ np.linalg.qr(rng.standard_normal((width, width)))[0]
        for _ in range(2)
    ]
    return [side.astype(np.float32) for side in sides]


def test_a_ridge_equals_the_transcription(rng):
    x, z = (rng.standard_normal((80, 6)).astype(np.float32) for _ in range(2))
    pairs = PairRows(np.arange(40), np.arange(40))
    settings = preset_settings("supervised", ridge=0.7)
    found = align_matrices(x, z, settings, pairs)
    nx, nz = oracles.normalized(x), oracles.normalized(z)
    roots = []
    for rows in (nx[:40], nz[:40]):
        gram = rows.T @ rows
        roots.append(oracles.matrix_power(gram + 0.7 * np.trace(gram) / 6 * np.eye(6), 0.5))
    wx, wz = (np.linalg.inv(root) for root in roots)
    p, s, qt = np.linalg.svd(wx @ nx[:40].T @ nz[:40] @ wz)
    expected = nx @ wx @ p @ np.diag(s**0.5) @ p.T @ roots[0] @ p
    np.testing.assert_allclose(found.source.apply(x), expected, atol=2e-5)
    expected = nz @ wz @ qt.T @ np.diag(s**0.5) @ qt @ roots[1] @ qt.T
    np.testing.assert_allclose(found.target.apply(z), expected, atol=2e-5)


def test_noise_calls_for_a_ridge_and_beats_the_published_map(rng):
    x, z = noisy(rng)
    order = rng.permutation(600)
    pairs, test = (PairRows(part, part) for part in (order[:80], order[80:]))
    settings = preset_settings("supervised", cutoff=600)
    found = learn_maps("tuned", x, z, settings, pairs, rounds=2)
    plain = align_matrices(x, z, settings, pairs)

    def scored(alignment):
        mapped = alignment.source.apply(x)[test.source], alignment.target.apply(z)[test.target]
        return precision(*mapped, np.arange(len(test.source)))

    tuning = found.notes["tuning"]
    assert tuning["ridge"] > 0
    assert tuning["held_back"] > tuning["plain"]
    assert scored(found) > scored(plain) + 0.1


def test_clean_vectors_call_for_the_published_map(rng):
    world = plant(rng, size=400, width=10, noise=0.02)
    pairs = PairRows(np.arange(200), world.translation[:200])
    settings = preset_settings("supervised", cutoff=400)
    found = learn_maps("tuned", world.source, world.target, settings, pairs, rounds=2)
    assert found.notes["tuning"]["held_back"] == 1.0
    assert found.notes["tuning"]["ridge"] == 0.0
    mapped = found.source.apply(world.source), found.target.apply(world.target)
    assert precision(*mapped, world.translation) >= 0.99


def test_fewer_pairs_than_dimensions(rng):
    world = plant(rng, size=300, width=20, noise=0.05)
    settings = preset_settings("supervised", cutoff=300)
    for count, is_tried in ((10, False), (26, True)):
        pairs = PairRows(np.arange(count), world.translation[:count])
        found = learn_maps("tuned", world.source, world.target, settings, pairs, rounds=4)
        assert (found.notes["tuning"]["held_back"] is not None) == is_tried
        mapped = found.source.apply(world.source), found.target.apply(world.target)
        assert np.isfinite(mapped[0]).all()
    assert precision(*mapped, world.translation) > 0.9


def test_words_stay_whole_and_are_each_held_back_once():
    source = np.array([7, 7, 3, 3, 3, *range(100, 150)])
    pairs = PairRows(source, np.arange(len(source)))
    parts = split(pairs)
    assert len(parts) == 5
    held = np.concatenate([tested.target for _, tested in parts])
    assert sorted(held) == list(range(len(source)))
    for learned, tested in parts:
        assert not np.isin(tested.source, learned.source).any()
    many = PairRows(np.arange(5000), np.arange(5000))
    ((_, tested),) = split(many)
    assert tested.source.tolist() == list(range(0, 5000, 5))  # frequent and rare alike
    assert split(PairRows(np.arange(24), np.arange(24))) == []


def test_mistakes(rng):
    x = rng.standard_normal((30, 4)).astype(np.float32)
    with pytest.raises(ConfigError, match="--ridge must be 0 or more"):
        preset_settings("supervised", ridge=-1.0)
    with pytest.raises(AlignmentError, match="tuned learns from pairs"):
        learn_maps("tuned", x, x, preset_settings("supervised"), None)


def test_polishing_lowers_the_contrast_of_both_sides(rng):
    x, z = noisy(rng, size=300, width=20)
    pairs = PairRows(np.arange(50, 150), np.arange(50, 150))
    settings = preset_settings("supervised")
    found = align_matrices(x, z, settings, pairs)
    after = polish(found, x, z, Sides(x, z, settings), cutoff=100)  # half of the pairs lie beyond
    same = Turns(np.eye(20), np.eye(20))

    def loss(alignment):
        sides = unit(alignment.source.apply(x)), unit(alignment.target.apply(z))
        return contrast_loss(same, *sides, pairs, pairs, 100, 0.05).loss

    assert loss(after) < 0.9 * loss(found)
    assert not np.allclose(after.target.matrix, found.target.matrix)
    assert after.diagnosis != found.diagnosis


def test_words_of_the_rarer_half_are_held_back():
    source = np.repeat(np.arange(3000), 2)
    ((learned, tested),) = split_rare(PairRows(source, np.arange(6000)))
    assert np.unique(tested.source).tolist() == list(range(1500, 3000, 3))
    assert len(learned.source) + len(tested.source) == 6000
    for count, first in ((200, 100), (198, 0), (60, 0)):  # a small one is held back whole
        parts = split_rare(PairRows(np.arange(count), np.arange(count)))
        held = np.concatenate([part.tested.source for part in parts])
        assert sorted(held) == list(range(first, count))
    assert split_rare(PairRows(np.arange(24), np.arange(24))) == []


def test_mutual_pairs_are_tried_from_the_published_map_too():
    class Fold:
        learned = None

        def precision(self, settings):
            return 0.5 if settings.ridge == 1.0 else 0.4

        def precision_of(self, found):
            return Precision(0.0, found, 10)

    def learn(choice, _pairs):
        is_published = (choice.ridge, choice.reweight) == (0.0, 0.5)
        return 0.7 if choice.bootstrapped and is_published else 0.3

    choice = _choose([Fold()], learn, VecMapSettings())

    assert (choice.ridge, choice.reweight, choice.bootstrapped) == (0.0, 0.5, True)
    assert choice.held_back == 0.7
    assert not choice.polished
