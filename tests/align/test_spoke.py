"""A spoke's map into a hub that stays as it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from align.hub.verdict import on_folds, verdict_of
from align.methods.hub_tuned import (
    ROTATION,
    UNTRIED,
    HubTuned,
    SpokeLearner,
    SpokeTuning,
    choose,
)
from align.methods.leaning import Leaning, leaning_matrix, products_of
from align.problem import Problem, Resources
from align.refine.growth import mutual_neighbors
from align.search.folds import split
from align.search.precision import Precision
from align.search.trials import Trials, by_csls_then_nearest
from align.vecmap.alignment import unchanged
from align.vecmap.induce.arrays import AlignmentError
from align.vecmap.pairs import PairRows
from align.vecmap.presets import VecMapSettings
from tests.align import oracles
from tests.align.planted import plant, precision
from x2static.core.normalize import unit

SETTINGS = VecMapSettings(mapping="orthogonal", cutoff=400)


def rows(rng, size=60, width=7):
    return [unit(rng.standard_normal((size, width)).astype(np.float32)) for _ in range(2)]


def identical(size):
    return PairRows(np.arange(size), np.arange(size))


@pytest.mark.parametrize("prior", ["rotation", "identity"])
@pytest.mark.parametrize("ridge", [0.3, 3.0])
def test_the_leaning_matrix_is_least_squares_with_the_prior_as_further_rows(rng, prior, ridge):
    x, z = rows(rng)
    start = oracles.rotation(x, z) if prior == "rotation" else np.eye(7)
    weight = np.sqrt(ridge * np.linalg.norm(x) ** 2 / 7)
    expected = np.linalg.lstsq(
        np.vstack([x, weight * np.eye(7)]), np.vstack([z, weight * start]), rcond=None
    )[0]
    found = leaning_matrix(products_of(x, z), prior, ridge)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_growing_ridge_ends_at_the_prior_and_a_falling_one_at_least_squares(rng):
    x, z = rows(rng)
    products = products_of(x, z)
    for prior, start in (("rotation", oracles.rotation(x, z)), ("identity", np.eye(7))):
        np.testing.assert_allclose(leaning_matrix(products, prior, None), start, atol=1e-5)
        np.testing.assert_allclose(leaning_matrix(products, prior, 1e7), start, atol=1e-5)
        expected = np.linalg.lstsq(x, z, rcond=None)[0]
        np.testing.assert_allclose(leaning_matrix(products, prior, 1e-9), expected, atol=1e-4)


def test_a_planted_rotation_is_found_in_the_space_of_the_hub(rng):
    world = plant(rng, size=400, width=12, noise=0.1)
    pairs = PairRows(np.arange(150), world.translation[:150])
    before = world.target.copy()
    said = []
    problem = Problem(world.source, world.target, SETTINGS, pairs)
    found = HubTuned().learn(problem, Resources(threads=1, say=said.append))
    np.testing.assert_array_equal(world.target, before)
    np.testing.assert_array_equal(found.target.apply(world.target), before)
    assert precision(found.source.apply(world.source), world.target, world.translation) >= 0.99
    tuning = found.notes["tuning"]
    assert tuning["held_back"]["csls"] >= tuning["rotation"]["csls"] > tuning["unaligned"]["csls"]
    assert said == [line for line in said if "unaligned" in line]
    assert len(said) == 1


def test_spaces_that_nearly_agree_call_for_the_identity(rng):
    latent = rng.standard_normal((400, 30)).astype(np.float32)
    other = latent + 1.2 * rng.standard_normal((400, 30)).astype(np.float32)
    pairs = identical(60)
    tuning = choose(SpokeLearner(Problem(latent, other, SETTINGS), Resources(threads=1)), pairs)
    assert tuning.recipe.prior == "identity"
    assert tuning.held_out.csls > tuning.rotation.csls
    assert verdict_of(tuning.notes()).unaligned == tuning.unaligned


def tried(scores):
    """Trials of candidates by their name, each with (nearest, CSLS) of every fold."""
    trials = Trials(
        lambda name: [Precision(*both, words=10) for both in scores[name]], by_csls_then_nearest
    )
    trials.run(scores)
    return trials


def test_the_best_is_that_of_csls_then_of_plain_neighbours_then_the_first():
    points = {"a": (0.9, 0.4), "b": (0.1, 0.5), "c": (0.2, 0.5), "d": (0.2, 0.5)}
    assert tried({name: [point] for name, point in points.items()}).best == "c"


def test_what_cannot_be_learned_is_passed_over():
    def score(name):
        if name != "b":
            raise AlignmentError("too few pairs")
        return [Precision(0.1, 0.1, 10)]

    trials = Trials(score, by_csls_then_nearest)
    trials.run("ab")
    assert trials.best == "b"
    with pytest.raises(AlignmentError, match="no map can be learned from these pairs"):
        _ = Trials(score, by_csls_then_nearest).best


def test_no_fold_is_scored_by_a_recipe_that_it_chose():
    """Each of two recipes is lucky on one fold; the vectors as they are have 0.6 on both."""
    scores = {ROTATION: (0.9, 0.4), UNTRIED: (0.3, 0.9)}
    trials = tried({one: [(0.0, csls) for csls in both] for one, both in scores.items()})
    best = trials.score_of(trials.best)
    assert best.csls == pytest.approx(0.65)  # better than 0.6, by luck
    assert trials.cross_fitted() == (0.0, pytest.approx((0.3 + 0.4) / 2), 20)
    tuning = SpokeTuning(
        trials.best, best, trials.cross_fitted(), Precision(0.0, 0.6, 20), trials.score_of(ROTATION)
    )
    assert verdict_of(tuning.notes()).for_map is False


def test_each_word_of_a_small_dictionary_is_scored_once(rng):
    tuning = choose(
        SpokeLearner(Problem(*rows(rng), SETTINGS), Resources(threads=1)), identical(60)
    )
    assert tuning.rotation.words == 60  # five divisions


def test_a_large_dictionary_is_divided_as_well(rng, monkeypatch):
    pairs = identical(9_000)
    asked = []
    monkeypatch.setattr(
        "align.methods.hub_tuned.split", lambda *a, **k: asked.append((a[1:], k)) or []
    )
    choose(SpokeLearner(Problem(*rows(rng), SETTINGS), Resources(threads=1)), pairs)
    assert asked == [((1_600,), {"least": 2})]
    assert [len(part.tested.source) for part in split(pairs, 1_600, least=2)] == [1_800] * 2
    assert len(split(pairs, 1_600)) == 1


def test_a_few_words_lead_to_the_others_and_are_not_polished_by(rng):
    world = plant(rng, size=1500, width=30, noise=0.6)
    learner = SpokeLearner(
        Problem(world.source, world.target, replace(SETTINGS, cutoff=3000)), Resources(threads=1)
    )
    recipe = choose(learner, PairRows(np.arange(40), world.translation[:40])).recipe
    assert (recipe.bootstrapped, recipe.polished) == (True, False)
    mapped, learned = learner.learn(recipe, PairRows(np.arange(40), world.translation[:40]))
    assert (world.translation[learned.source] == learned.target).mean() > 0.95
    assert len(learned.source) > 1000
    assert precision(mapped.apply(world.source), world.target, world.translation) > 0.9


def test_few_words_are_not_divided(rng):
    world = plant(rng, size=200, width=10, noise=0.05)
    pairs = PairRows(np.arange(20), world.translation[:20])
    said = []
    problem = Problem(world.source, world.target, SETTINGS, pairs)
    found = HubTuned().learn(problem, Resources(say=said.append))
    assert "too few pairs" in said[0]
    assert found.notes["tuning"]["held_back"] is None
    assert verdict_of(found.notes["tuning"]) is None
    few = SpokeLearner(Problem(*rows(rng), SETTINGS), Resources(threads=1))
    assert choose(few, identical(24)).recipe == UNTRIED
    same = unchanged(10)
    assert on_folds(lambda _: same, world.source, world.target, pairs) is None


def test_mutual_pairs_join_the_given_ones(rng):
    world = plant(rng, size=300, width=12, noise=0.05)
    pairs = PairRows(np.arange(100), world.translation[:100])
    learner = SpokeLearner(Problem(world.source, world.target, SETTINGS), Resources(threads=1))
    mapped, learned = learner.learn(Leaning("rotation", 1.0, bootstrapped=True), pairs)
    sides = [unit(rows) for rows in (mapped.apply(world.source), world.target)]
    mutual = mutual_neighbors(*sides, Resources(threads=1), csls=10)
    given = np.isin(mutual.source, pairs.source) | np.isin(mutual.target, pairs.target)
    assert len(learned.source) == 100 + (~given).sum() > 250
    assert len(np.unique(learned.source)) == len(learned.source)


def test_the_share_of_the_mean_and_the_length_are_those_of_the_hub(rng):
    world = plant(rng, size=300, width=12, noise=0.05)
    pairs = PairRows(np.arange(150), world.translation[:150])
    learner = SpokeLearner(Problem(world.source, world.target, SETTINGS), Resources(threads=1))
    mean = unit(world.target).mean(axis=0)
    for share in (1.0, 0.0):
        mapped = learner.learn(Leaning("identity", 0.3, mean=share), pairs)[0].apply(world.source)
        np.testing.assert_allclose(mapped.mean(axis=0), share * mean, atol=1e-5)
        lengths = np.linalg.norm(mapped - share * mean, axis=1).mean()
        wanted = np.linalg.norm(unit(world.target) - mean, axis=1).mean()
        assert lengths == pytest.approx(wanted, rel=1e-4)


def test_polishing_turns_the_whole_map(rng):
    world = plant(rng, size=300, width=12, noise=0.4)
    pairs = PairRows(np.arange(100), world.translation[:100])
    learner = SpokeLearner(Problem(world.source, world.target, SETTINGS), Resources(threads=1))
    plain = learner.learn(Leaning("rotation", 1.0), pairs)[0]
    polished = learner.learn(Leaning("rotation", 1.0, polished=True), pairs)[0]
    turn = np.linalg.solve(plain.matrix.astype(float), polished.matrix.astype(float))
    assert np.abs(turn - np.eye(12)).max() > 1e-3
    np.testing.assert_allclose(
        polished.apply(world.source), plain.apply(world.source) @ turn, atol=1e-3
    )
