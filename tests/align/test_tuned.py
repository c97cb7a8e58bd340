"""Ridge and re-weighting decided on held-out pairs."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from align.methods.multistep import PUBLISHED, MapChoice, MultistepLearner, Whitening
from align.methods.table import learn_maps
from align.methods.tuned import UNTRIED, Tuning, choose, tune
from align.problem import Problem, Resources, silent
from align.refine.growth import widths_from
from align.search.folds import reserve_rare, split, split_rare
from align.search.held_out import NEAR, HeldOut
from align.search.precision import WORDS, Precision
from align.search.trials import Trials, by_csls
from align.vecmap.alignment import align_matrices
from align.vecmap.induce.arrays import AlignmentError
from align.vecmap.pairs import PairRows
from align.vecmap.presets import VecMapSettings, preset_settings
from tests.align import oracles
from tests.align.planted import noisy, plant, precision
from x2static.core.errors import ConfigError


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
    found = learn_maps("tuned", Problem(x, z, settings, pairs, rounds=2))
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
    found = learn_maps("tuned", Problem(world.source, world.target, settings, pairs, rounds=2))
    assert found.notes["tuning"]["held_back"] == 1.0
    assert found.notes["tuning"]["ridge"] == 0.0
    mapped = found.source.apply(world.source), found.target.apply(world.target)
    assert precision(*mapped, world.translation) >= 0.99


def test_fewer_pairs_than_dimensions(rng):
    world = plant(rng, size=300, width=20, noise=0.05)
    settings = preset_settings("supervised", cutoff=300)
    for count, is_tried in ((10, False), (26, True)):
        pairs = PairRows(np.arange(count), world.translation[:count])
        found = learn_maps("tuned", Problem(world.source, world.target, settings, pairs, rounds=4))
        assert (found.notes["tuning"]["held_back"] is not None) == is_tried
        mapped = found.source.apply(world.source), found.target.apply(world.target)
        assert np.isfinite(mapped[0]).all()
    assert precision(*mapped, world.translation) > 0.9


def test_words_stay_whole_and_are_each_held_out_once():
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
    with pytest.raises(AlignmentError, match="no pairs to learn from"):
        nothing = PairRows(np.zeros(0, np.int64), np.zeros(0, np.int64))
        learn_maps("tuned", Problem(x, x, preset_settings("supervised"), nothing))


def test_words_of_the_rarer_half_are_held_back():
    source = np.repeat(np.arange(3000), 2)
    ((learned, tested),) = split_rare(PairRows(source, np.arange(6000)))
    assert np.unique(tested.source).tolist() == list(range(1500, 3000, 3))
    assert len(learned.source) + len(tested.source) == 6000
    for count, first in ((200, 100), (198, 0), (60, 0)):  # a small one is held out whole
        parts = split_rare(PairRows(np.arange(count), np.arange(count)))
        held = np.concatenate([part.tested.source for part in parts])
        assert sorted(held) == list(range(first, count))
    assert split_rare(PairRows(np.arange(24), np.arange(24))) == []


def test_a_quarter_of_the_rarer_half_is_reserved_from_a_large_dictionary():
    source = np.repeat(np.arange(1000), 2)
    kept = reserve_rare(PairRows(source, np.arange(2000)))
    assert np.unique(kept.tested.source).tolist() == list(range(501, 1000, 4))
    assert len(kept.learned.source) + len(kept.tested.source) == 2000
    assert reserve_rare(PairRows(np.arange(798), np.arange(798))) is None


def test_a_fold_is_scored_by_what_the_others_choose():
    def cross_fitted(table):
        trials = Trials(lambda row: [Precision(0.0, csls, 1) for csls in table[row]], by_csls)
        trials.run(range(len(table)))
        return trials.cross_fitted().csls

    assert cross_fitted([[0.9, 0.2, 0.2], [0.1, 0.6, 0.5]]) == pytest.approx((0.1 + 0.2 + 0.2) / 3)
    assert cross_fitted([[0.4, 0.4], [0.4, 0.4]]) == pytest.approx(0.4)
    assert cross_fitted([[0.4], [0.7]]) == pytest.approx(0.7)  # one fold has none beside it


def test_reserved_words_score_what_was_chosen_without_them(rng, monkeypatch):
    x, z = noisy(rng, size=1200, width=20)
    pairs = PairRows(np.arange(900), np.arange(900))
    settings = preset_settings("supervised", cutoff=1200)
    learner = MultistepLearner(Problem(x, z, settings, rounds=1), Resources())
    reserved = reserve_rare(pairs)
    chosen = Tuning(MapChoice(Whitening(1.0, 0.25)), chosen_by=0.99)

    def choosing(_, seen):
        assert not np.isin(seen.source, reserved.tested.source).any()
        assert len(seen.source) == len(pairs.source) - len(reserved.tested.source)
        return chosen

    monkeypatch.setattr("align.methods.tuned.choose", choosing)
    tuning = tune(learner, pairs)
    held = HeldOut(x, z, reserved.tested, (NEAR, WORDS))
    for figure, whitening in ((tuning.held_out, (1.0, 0.25)), (tuning.plain, PUBLISHED)):
        applied = Whitening(*whitening).applied(settings)
        found = align_matrices(x, z, applied, reserved.learned)
        assert figure == held.precision(found.source, found.target).csls
    assert (tuning.chosen_by, tuning.words) == (0.99, 113)


class FakeFold:
    """Scores by rule: mutual pairs help, and bear another whitening than the given ones."""

    gain = 0.2
    words = 300

    def __init__(self, _learner, _division, is_grown=False):
        self._is_grown = is_grown

    def grown(self, start, most):
        assert start == (1.0, 0.25)
        assert most == 7_000  # twice the words of the dictionary
        return type(self)(None, None, is_grown=True)

    def precision(self, whitening):
        if whitening == UNTRIED:
            csls = 0.3 + self.gain * self._is_grown
        else:
            best = PUBLISHED if self._is_grown else (1.0, 0.25)
            csls = 0.1 + 0.3 * (whitening == best) + self.gain * self._is_grown
        return Precision(0.0, csls, self.words)

    def final_precision(self, choice):
        return Precision(0.5 if choice.polished else 0.2, 0.55, 10)


def chosen_by(fold, monkeypatch):
    monkeypatch.setattr("align.methods.tuned._Fold", fold)
    return choose(SimpleNamespace(step=silent), PairRows(np.arange(3500), np.arange(3500)))


def test_the_whitening_is_chosen_again_with_mutual_pairs(monkeypatch):
    tuning = chosen_by(FakeFold, monkeypatch)
    choice = tuning.choice
    assert (choice.whitening, choice.start) == (PUBLISHED, (1.0, 0.25))
    assert choice.polished
    assert tuning.chosen_by == 0.55
    assert tuning.held_out == pytest.approx(0.6)  # before polishing


def test_mutual_pairs_that_do_not_help_are_left_out(monkeypatch):
    class Useless(FakeFold):
        gain = -0.1

    choice = chosen_by(Useless, monkeypatch).choice
    assert (choice.whitening, choice.start) == ((1.0, 0.25), None)


def test_few_held_out_words_do_not_choose_between_whitenings(monkeypatch):
    class Few(FakeFold):
        words = 100

    tuning = chosen_by(Few, monkeypatch)
    choice = tuning.choice
    assert (choice.whitening, choice.start) == (UNTRIED, (1.0, 0.25))
    assert tuning.held_out == pytest.approx(0.5)
    assert not choice.polished
    monkeypatch.setattr(Few, "gain", 0.05)
    assert chosen_by(Few, monkeypatch).choice.start is None


def test_a_few_words_lead_to_all_others(rng):
    world = plant(rng, size=3000, width=30, noise=0.6)
    given = PairRows(np.arange(40), world.translation[:40])
    learner = MultistepLearner(
        Problem(world.source, world.target, VecMapSettings(cutoff=3000), rounds=2), Resources()
    )
    pairs = learner.grown(Whitening(10.0, 0.25), given, 3000)
    assert pairs.source[:40].tolist() == list(range(40))
    is_right = world.translation[pairs.source] == pairs.target
    assert is_right.mean() > 0.95
    assert is_right.sum() > 2500
    assert 40 <= len(learner.grown(Whitening(10.0, 0.25), given, 1000).source) <= 1000


def test_widths_grow_from_a_few_words_only():
    widths = widths_from(100, 10_000, 2)
    assert widths[:3] == [1000, 1250, 1562]
    assert widths[-3:] == [7629, 10_000, 10_000]
    assert widths_from(800, 2_000, 1) == [1600, 2000]
    assert widths_from(5_000, 10_000, 2) == [10_000, 10_000]
    assert widths_from(10, 300, 3) == [300, 300, 300]
