"""Matches by every engine against whole rows sorted in float64; the draw against the mask."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chisquare, geom

from align.vecmap.induce import tiled
from align.vecmap.induce.coarse import has_fast_integers
from align.vecmap.induce.induction import PlainInducer, Ranks, draw_ranks
from align.vecmap.induce.tiled import TiledInducer
from align.vecmap.induce.torch_inducer import TorchInducer
from tests.align import oracles


def unit_rows(rng, size, width):
    rows = rng.standard_normal((size, width)) * np.arange(1, width + 1) ** -0.5
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def engines():
    yield pytest.param(lambda k: PlainInducer(k), id="plain")
    yield pytest.param(lambda k: TiledInducer(k, 2, "float32"), id="tiled")
    yield pytest.param(
        lambda k: TiledInducer(k, 2, "int8"),
        id="coarse",
        marks=pytest.mark.skipif(not has_fast_integers(), reason="no 8-bit products here"),
    )
    yield pytest.param(lambda k: TorchInducer(k, "cpu", 5000), id="torch")


@pytest.mark.parametrize("make", list(engines()))
@pytest.mark.parametrize("csls", [0, 10])
@pytest.mark.parametrize("keep", [0.1, 0.5, 1.0])
def test_every_engine_equals_sorting(rng, make, csls, keep):
    x, z = unit_rows(rng, 150, 8), unit_rows(rng, 131, 8)
    engine = make(csls)
    for turn in range(4):  # bounds are carried from one call to the next
        x = unit_rows(rng, 150, 8) if turn == 2 else x  # and must not matter when all changes
        ranks = draw_ranks(rng, keep, len(x), len(z))
        found = engine.induce(x, z, ranks)
        forward, backward, of, ob = oracles.induce(
            x.astype(float), z.astype(float), csls, ranks.forward, ranks.backward
        )
        assert (found.forward == forward).mean() > 0.99  # float32 may turn a near tie
        assert (found.backward == backward).mean() > 0.99
        assert found.forward_objective == pytest.approx(of, abs=1e-6)
        assert found.backward_objective == pytest.approx(ob, abs=1e-6)


@pytest.mark.parametrize("product", ["float32", "int8"])
def test_many_tiles_equal_one_matrix(rng, monkeypatch, product):
    if product == "int8" and not has_fast_integers():
        pytest.skip("no 8-bit products here")
    monkeypatch.setattr(tiled, "_TILE_ROWS", 64)
    monkeypatch.setattr(tiled, "_TILE_COLUMNS", 96)
    x, z = unit_rows(rng, 700, 12), unit_rows(rng, 651, 12)
    engine, plain = TiledInducer(10, 3, product), PlainInducer(10)
    for _ in range(3):
        x = (x + 0.02 * rng.standard_normal(x.shape)).astype(np.float32)
        ranks = draw_ranks(rng, 0.3, 700, 651)
        here, there = engine.induce(x, z, ranks), plain.induce(x, z, ranks)
        assert (here.forward == there.forward).mean() > 0.999
        assert (here.backward == there.backward).mean() > 0.999
        assert here.forward_objective == pytest.approx(there.forward_objective, abs=1e-6)
    assert engine.recomputed < 3 * 1351  # not everything went the slow way


def test_bounds_that_were_set_too_high_are_noticed(rng):
    x, z = unit_rows(rng, 700, 12), unit_rows(rng, 651, 12)
    engine, plain = TiledInducer(10, 2, "float32"), PlainInducer(10)
    for _ in range(4):
        x = (x + 0.05 * rng.standard_normal(x.shape)).astype(np.float32)
        ranks = draw_ranks(rng, 0.3, 700, 651)
        here, there = engine.induce(x, z, ranks), plain.induce(x, z, ranks)
        assert (here.forward == there.forward).mean() > 0.999
        assert (here.backward == there.backward).mean() > 0.999
        for side in engine._sides:  # so few entries are kept that many matches lack their proof
            side.margin = np.full(1, -0.05, np.float32)
    assert engine.recomputed > 100


def test_threads_do_not_change_a_match(rng):
    x, z = unit_rows(rng, 1200, 12), unit_rows(rng, 900, 12)
    ranks = draw_ranks(rng, 0.2, 1200, 900)
    one, four = (TiledInducer(10, n, "float32").induce(x, z, ranks) for n in (1, 4))
    np.testing.assert_array_equal(one.forward, four.forward)
    np.testing.assert_array_equal(one.backward, four.backward)
    assert one.forward_objective == four.forward_objective


def test_equal_words_go_to_the_first(rng):
    z = np.repeat(unit_rows(rng, 20, 5), 2, axis=0)
    x = z[::2].copy()
    ones = Ranks(np.ones(20, np.int64), np.ones(40, np.int64))
    for engine in (PlainInducer(0), TiledInducer(0, 1, "float32")):
        np.testing.assert_array_equal(engine.induce(x, z, ones).forward, np.arange(0, 40, 2))


def test_rank_draw_has_the_distribution_of_the_mask(rng):
    keep, rows = 0.3, 20_000
    scores = np.arange(40, 0, -1.0)  # the best is first: the chosen index is the rank less one
    masked = np.array([oracles.masked_choice(scores, keep, rng) for _ in range(rows)])
    drawn = draw_ranks(rng, keep, rows, 40).forward - 1
    for choices in (masked, drawn):
        counts = np.bincount(np.minimum(choices, 15), minlength=16)
        chances = geom.pmf(np.arange(1, 17), keep)
        chances[15] = geom.sf(15, keep)
        assert chisquare(counts, chances * rows).pvalue > 1e-3


def test_ranks_never_pass_the_end(rng):
    ranks = draw_ranks(rng, 0.1, 1000, 3)
    assert ranks.forward.max() == 3
    assert draw_ranks(rng, 1.0, 5, 5).forward.tolist() == [1] * 5
