"""RCSLS against the transcription, and its gradient against finite differences."""

from __future__ import annotations

import numpy as np
import pytest

from align.methods.rcsls import rcsls_loss, rcsls_maps
from align.vecmap.linear import orthogonal_maps
from tests.align import oracles
from tests.align.planted import plant, precision


@pytest.fixture
def small(rng):
    world = plant(rng, size=60, width=5, noise=0.5)
    x, z = (oracles.normalized(m).astype(np.float32) for m in (world.source, world.target))
    return x[:25], z[world.translation[:25]], x, z


def test_loss_equals_the_transcription(small, rng):
    matrix = np.linalg.qr(rng.standard_normal((5, 5)))[0]
    found = rcsls_loss(matrix, *small, 10).loss
    assert found == pytest.approx(oracles.rcsls_loss(matrix, *map(np.float64, small), 10), abs=1e-5)


def test_gradient_is_that_of_the_loss(small, rng):
    matrix = np.linalg.qr(rng.standard_normal((5, 5)))[0]
    gradient = rcsls_loss(matrix, *small, 10).gradient
    wide = tuple(map(np.float64, small))
    for i, j in [(0, 0), (1, 3), (4, 2)]:
        step = np.zeros((5, 5))
        step[i, j] = 1e-5
        up, down = (oracles.rcsls_loss(matrix + s * step, *wide, 10) for s in (1, -1))
        assert gradient[i, j] == pytest.approx((up - down) / 2e-5, abs=1e-3)


def test_loss_falls_from_the_orthogonal_map(small):
    start = orthogonal_maps(*small[:2]).source
    maps = rcsls_maps(*small)
    assert rcsls_loss(maps.source, *small, 10).loss < rcsls_loss(start, *small, 10).loss


def test_the_default_steps_find_more_words_than_their_start():
    gains = []
    for seed in (1, 2, 3):
        world = plant(np.random.default_rng(seed), noise=0.8)
        x, z = (oracles.normalized(m).astype(np.float32) for m in (world.source, world.target))
        pairs = x[:200], z[world.translation[:200]]
        scores = [
            precision(x[200:] @ maps.source, z, world.translation[200:])
            for maps in (orthogonal_maps(*pairs), rcsls_maps(*pairs, x, z))
        ]
        gains.append(scores[1] - scores[0])
    assert np.mean(gains) > 0.02
