"""Ranks, precision and coverage against a float64 oracle and hand-worked numbers."""

import functools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import eval.bli.score
import eval.search.hubness
from eval.bli.score import AlignedPair, BliScore
from eval.search.hubness import Hubness, NoPenalty
from eval.search.index import TorchIndex, build_index
from eval.search.ranks import GoldRanks
from x2static.core.errors import ConfigError, LexiconError
from x2static.core.normalize import unit
from x2static.core.text.lexicon import Coverage, Lexicon
from x2static.core.vectors import WordVectors


def space(rng, size, width=16, clusters=9):
    """Unit rows in clusters: hubs and near-ties, as in real vectors."""
    centres = rng.normal(size=(clusters, width))
    rows = centres[rng.integers(clusters, size=size)] + 0.7 * rng.normal(size=(size, width))
    return unit(rows.astype(np.float32))


def oracle_scores(queries, sources, targets, method, k=10):
    """(B, N) scores in float64, all of them."""
    cosine = queries.astype(np.float64) @ targets.astype(np.float64).T
    if method == "nn":
        return cosine
    back = np.sort(sources.astype(np.float64) @ targets.astype(np.float64).T, axis=0)
    return 2 * cosine - back[-min(k, len(sources)) :].mean(axis=0)


def oracle_ranks(scores, golds):
    """Rank of the best gold under (score falling, row rising)."""
    order = np.lexsort((np.broadcast_to(np.arange(scores.shape[1]), scores.shape), -scores))
    return np.array([np.flatnonzero(np.isin(row, g))[0] + 1
                     for row, g in zip(order, golds, strict=True)])  # fmt: skip


def some_golds(rng, size, targets):
    return [rng.choice(targets, rng.integers(1, 4), replace=False) for _ in range(size)]


@pytest.mark.parametrize("method", ["nn", "csls"])
@pytest.mark.parametrize("kind", ["flat", "exact"])
def test_full_ranks_equal_the_oracle(method, kind):
    rng = np.random.default_rng(1)
    sources, targets = space(rng, 400), space(rng, 500)
    queries, golds = sources[50:110], some_golds(rng, 60, 500)
    penalty = NoPenalty(500)
    if method == "csls":
        penalty = Hubness(sources, targets, 10, kind)
        penalty.know()
    ranks = GoldRanks(targets, penalty, 10).rank(queries, golds)
    expected = oracle_ranks(oracle_scores(queries, sources, targets, method), golds)
    np.testing.assert_array_equal(ranks, expected)
    assert len(set(expected)) > 20  # the case is not a trivial one


@pytest.mark.parametrize("depth", [1, 10])
@pytest.mark.parametrize("seed", range(4))
def test_lazy_ranks_are_proven_up_to_the_depth(seed, depth):
    rng = np.random.default_rng(seed)
    sources, targets = space(rng, 700, 24), space(rng, 900, 24)
    queries = sources[:80]
    near = np.argsort(-(queries @ targets.T), axis=1)[:, :30]
    golds = [rng.choice(row, 2, replace=False) for row in near]
    penalty = Hubness(sources, targets, 10)
    penalty.bound(150)
    ranks = GoldRanks(targets, penalty, depth).rank(queries, golds)
    expected = oracle_ranks(oracle_scores(queries, sources, targets, "csls"), golds)
    np.testing.assert_array_equal(ranks[expected <= depth], expected[expected <= depth])
    assert (ranks[expected > depth] > depth).all()
    assert not penalty.is_known.all()  # it was lazy
    assert (expected > depth).any()


def test_lower_bounds_are_below_and_estimates_near_the_truth():
    rng = np.random.default_rng(5)
    sources, targets = space(rng, 3000), space(rng, 2000)
    lazy, full = Hubness(sources, targets), Hubness(sources, targets)
    full.know()
    lazy.bound(400)
    assert (lazy.values <= full.values).all()
    guess = lazy.estimate()
    assert lazy.is_known.sum() <= 512
    assert np.abs(guess - full.values).mean() < 0.5 * (full.values - lazy.values).mean()


def test_hubness_by_hand():
    sources = unit(np.array([[1, 0], [0, 1], [1, 1]], dtype=np.float32))
    targets = unit(np.array([[1, 0], [0, -1]], dtype=np.float32))
    hubness = Hubness(sources, targets, k=2)
    hubness.know()
    # first target: cosines 1, 0, 0.7071; second: 0, -1, -0.7071
    np.testing.assert_allclose(hubness.values, [(1 + 0.5**0.5) / 2, -(0.5**0.5) / 2], atol=1e-7)


def test_bounds_hold_for_fewer_sources_than_neighbours():
    sources = unit(np.array([[1, 0], [1, 1]], dtype=np.float32))
    lazy, full = Hubness(sources, -sources, k=10), Hubness(sources, -sources, k=10)
    full.know()
    lazy._calibrate = lambda: None  # it would make all of so few known
    lazy.bound()
    assert (lazy.values <= full.values).all()
    assert not lazy.is_known.any()


def test_k_beyond_the_vocabulary_takes_all():
    sources = unit(np.array([[1, 0], [0, 1]], dtype=np.float32))
    hubness = Hubness(sources, sources, k=10)
    hubness.know()
    np.testing.assert_allclose(hubness.values, [0.5, 0.5], atol=1e-7)
    for kind in ("flat", "exact", "hnsw", "ivf"):
        scores, rows = build_index(sources, kind).search(sources, 9)
        assert rows.shape == (2, 2)
        np.testing.assert_allclose(scores, [[1, 0], [1, 0]], atol=1e-7)


@pytest.mark.parametrize("kind", ["flat", "exact"])
@pytest.mark.parametrize("method", ["nn", "csls"])
def test_equal_vectors_rank_the_frequent_word_first(kind, method):
    rng = np.random.default_rng(2)
    targets = space(rng, 300)
    targets[40:80] = targets[7]  # 41 words with one vector
    sources = space(rng, 200)
    sources[0] = targets[7]
    pair = aligned(sources, targets, index=kind)
    for row, rank in ((7, 1), (40, 2), (60, 22), (79, 41)):
        score = pair.score(Lexicon.of([("s0", f"t{row}")]), method, depth=50)
        assert score.ranks.tolist() == [rank]


@settings(deadline=None, max_examples=40, derandomize=True)
@given(seed=st.integers(0, 10**6), size=st.integers(1, 40), method=st.sampled_from(["nn", "csls"]))
def test_coarse_vectors_with_many_ties(seed, size, method):
    """Rows of -1, 0 and 1: most scores are tied, some rows are zero."""
    rng = np.random.default_rng(seed)
    sources = rng.integers(-1, 2, size=(size, 3)).astype(np.float32)
    targets = rng.integers(-1, 2, size=(size, 3)).astype(np.float32)
    golds = some_golds(rng, min(size, 5), max(size, 3))
    golds = [gold[gold < size] if (gold < size).any() else np.array([0]) for gold in golds]
    pairs = [(f"s{q}", f"t{t}") for q, gold in enumerate(golds) for t in gold]
    answers = [aligned(sources, targets, index=kind).score(Lexicon.of(pairs), method).ranks
               for kind in ("flat", "exact")]  # fmt: skip
    np.testing.assert_array_equal(*answers)
    scores = oracle_scores(unit(sources)[: len(golds)], unit(sources), unit(targets), method)
    for rank, row, gold in zip(answers[0], scores, golds, strict=True):
        best = row[gold].max()
        assert (row > best + 1e-9).sum() < rank <= (row >= best - 1e-9).sum()


def test_torch_search_equals_the_reference():
    pytest.importorskip("torch")
    rng = np.random.default_rng(11)
    rows, queries = space(rng, 300), space(rng, 40)
    scores, found = TorchIndex(rows, "cpu").search(queries, 12)
    expected_scores, expected = build_index(rows, "exact").search(queries, 12)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_allclose(scores, expected_scores, atol=1e-6)
    assert TorchIndex(rows[:3], "cpu").search(queries, 12)[1].shape == (40, 3)


def aligned(sources, targets, **options):
    return AlignedPair(
        WordVectors([f"s{i}" for i in range(len(sources))], sources),
        WordVectors([f"t{i}" for i in range(len(targets))], targets),
        **options,
    )


def test_denominators_by_hand():
    # four source words: two right at 1 and at 2, one without a known target, one unknown
    eye = np.eye(3, dtype=np.float32)
    pair = aligned(eye, eye)
    lexicon = Lexicon.of(
        [("s0", "t0"), ("s0", "zzz"), ("s1", "t0"), ("s1", "t2"), ("s2", "zzz"), ("new", "t1")]
    )
    score = pair.score(lexicon, "nn")
    # s1 likes t1 best; t0 and t2 tie at cosine 0, so the gold t0 comes second
    assert score.ranks.tolist() == [1, 2]
    row = score.as_row((1, 5))
    assert row["queries"] == 2
    assert row["dictionary_queries"] == 4
    assert row["coverage"] == 0.5
    assert row["p@1"] == 0.5
    assert row["p@5"] == 1
    assert row["mrr"] == 0.75
    assert (row["strict_p@1"], row["strict_p@5"], row["strict_mrr"]) == (0.25, 0.5, 0.375)
    json.dumps(row, allow_nan=False)


def test_words_spelled_alike_are_told_apart():
    eye = np.eye(3, dtype=np.float32)
    words = ["Bonn", "haus", "rot"], ["Bonn", "red", "house"]
    pair = AlignedPair(*(WordVectors(side, eye) for side in words))
    lexicon = Lexicon.of([("Bonn", "Bonn"), ("haus", "house"), ("rot", "red")])
    row = pair.score(lexicon, "nn").as_row((1, 5))
    assert row["identical"] == row["alike"] == pytest.approx(1 / 3)
    assert row["p@1"] == pytest.approx(1 / 3)  # the name alone
    assert (row["p@1_nonidentical"], row["p@5_nonidentical"]) == (0, 1)
    assert (row["other_p@1"], row["other_p@5"]) == (0, 1)  # their earlier names
    alone = pair.score(Lexicon.of([("Bonn", "Bonn")]), "nn").as_row((1,))
    assert (alone["alike"], alone["other_p@1"]) == (1, None)
    json.dumps(alone, allow_nan=False)


def test_unlisted_gold_counts_as_wrong():
    alike = np.zeros(3, bool)
    score = BliScore(np.array([1, 0, 4]), ("a", "b", "c"), Coverage(3, 3, 3, 3, 3), alike)
    assert score.precision(10) == pytest.approx(2 / 3)
    assert score.mrr == pytest.approx((1 + 0.25) / 3)


@pytest.mark.parametrize("kind", ["ivf", "hnsw"])
@pytest.mark.parametrize("method", ["nn", "csls"])
def test_approximate_indexes_come_close(kind, method):
    rng = np.random.default_rng(4)
    sources, targets = space(rng, 1500), space(rng, 1500)
    near = np.argmax(oracle_scores(sources, sources, targets, method), axis=1)
    lexicon = Lexicon.of((f"s{i}", f"t{near[i]}") for i in range(0, 1500, 5))
    assert aligned(sources, targets).score(lexicon, method).precision(1) == 1
    assert aligned(sources, targets, index=kind).score(lexicon, method).precision(1) > 0.7


def test_rotation_scaling_and_row_order_do_not_matter():
    rng = np.random.default_rng(6)
    sources, targets = space(rng, 300, 8), space(rng, 300, 8)
    pairs = Lexicon.of((f"s{i}", f"t{i}") for i in range(100))
    rotation, _ = np.linalg.qr(rng.normal(size=(8, 8)))
    plain = aligned(sources, targets).score(pairs, "csls").ranks
    scale = rng.uniform(0.01, 50, size=(300, 1))
    turned = aligned(
        (scale * sources @ rotation).astype(np.float32), (targets @ rotation * 3).astype(np.float32)
    )
    np.testing.assert_array_equal(turned.score(pairs, "csls").ranks, plain)
    order = rng.permutation(300)
    shuffled = AlignedPair(
        WordVectors([f"s{i}" for i in range(300)], sources),
        WordVectors([f"t{i}" for i in order], targets[order]),
    )
    np.testing.assert_array_equal(shuffled.score(pairs, "csls").ranks, plain)


def test_lazy_and_full_scores_agree_through_the_front_door(monkeypatch):
    rng = np.random.default_rng(8)
    latent = rng.normal(size=(1200, 20))
    sources = unit((latent + 0.1).astype(np.float32))
    targets = unit((latent + 0.9 * rng.normal(size=latent.shape)).astype(np.float32))
    pairs = Lexicon.of((f"s{i}", f"t{i}") for i in range(0, 1200, 4))
    full = aligned(sources, targets).score(pairs, "csls")
    monkeypatch.setattr(eval.bli.score, "_LAZY_FROM", 0)
    monkeypatch.setattr(eval.search.hubness, "_CALIBRATION", 30)
    monkeypatch.setattr(Hubness, "bound", functools.partialmethod(Hubness.bound, 200))
    lazy = aligned(sources, targets).score(pairs, "csls")
    assert [lazy.precision(k) for k in (1, 5, 10)] == [full.precision(k) for k in (1, 5, 10)]
    assert lazy.mrr == pytest.approx(full.mrr, abs=1e-3)
    assert 0.2 < full.precision(1) < 0.95
    exact = aligned(sources, targets).score(pairs, "csls", depth=None)
    np.testing.assert_array_equal(exact.ranks, full.ranks)
    shallow = aligned(sources, targets).score(pairs, "csls", depth=2)
    assert (shallow.ranks != full.ranks).any()  # else the line above shows nothing


def test_small_blocks_change_nothing(monkeypatch):
    rng = np.random.default_rng(9)
    sources, targets = space(rng, 200), space(rng, 210)
    pairs = Lexicon.of((f"s{i}", f"t{i}") for i in range(50))
    whole = aligned(sources, targets).score(pairs, "csls").ranks
    monkeypatch.setattr("eval.search.ranks._BLOCK_SCORES", 1000)
    monkeypatch.setattr("eval.search.hubness._BATCH", 7)
    np.testing.assert_array_equal(aligned(sources, targets).score(pairs, "csls").ranks, whole)


def test_induced_pairs_are_mutual_bests():
    rng = np.random.default_rng(10)
    sources, targets = space(rng, 60), space(rng, 70)
    for method in ("nn", "csls"):
        induced = aligned(sources, targets).induce(method, 50)
        x, z = sources[:50].astype(np.float64), targets[:50].astype(np.float64)
        cosine = x @ z.T
        scores = cosine
        if method == "csls":
            r_x = np.sort(cosine, axis=1)[:, -10:].mean(axis=1)
            r_z = np.sort(cosine, axis=0)[-10:].mean(axis=0)
            scores = 2 * cosine - r_x[:, None] - r_z
        forward, backward = scores.argmax(axis=1), scores.argmax(axis=0)
        expected = [(f"s{i}", f"t{forward[i]}") for i in range(50) if backward[forward[i]] == i]
        assert list(induced) == expected


def test_nothing_covered():
    eye = np.eye(3, dtype=np.float32)
    pair = aligned(eye, eye)
    with pytest.raises(LexiconError, match="none of the dictionary's 1 pairs"):
        pair.score(Lexicon.of([("x", "y")]), "nn")
    with pytest.raises(LexiconError, match="1 the other way round"):
        pair.score(Lexicon.of([("t1", "s1")]), "nn")


def test_widths_differ():
    with pytest.raises(ConfigError, match="widths 3 and 4"):
        aligned(np.eye(3, dtype=np.float32), np.eye(4, dtype=np.float32))
