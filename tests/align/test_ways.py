"""Which way from a few pairs to many is taken, and by what."""

from __future__ import annotations

import json

import numpy as np

from align.methods.multistep import UNTRIED, UNTRIED_START, MultistepLearner
from align.methods.table import learn_maps
from align.problem import Problem, Resources
from align.refine.ways import NO_PAIRS, Gone, Ways, best_of
from align.search.precision import Precision
from align.vecmap.diagnosis import Diagnosis
from align.vecmap.pairs import PairRows
from align.vecmap.presets import VecMapSettings
from tests.align.planted import plant, precision


def gone(way, recall, found_again, words=100):
    score = None if recall is None else Precision(0.0, recall, words)
    return Gone(way, (NO_PAIRS,), score, Diagnosis(0.5, found_again, 0.5, 0.5))


def test_recall_decides_and_signs_where_it_is_level():
    lost, right = gone("growth", 0.23, 0.9), gone("self-learning", 0.66, 0.8)
    assert best_of([lost, right]) is right
    level = gone("growth", 0.62, 0.9)  # within two standard errors of a share of 100 words
    assert best_of([level, right]) is level
    assert best_of([gone("growth", 0.5, 0.1, 4), gone("self-learning", 0.25, 0.9, 4)]).way == (
        "self-learning"
    )
    unknown = [gone("the vectors as they lie", None, 0.2), gone("similarity profiles", None, 0.9)]
    assert best_of(unknown) is unknown[1]
    assert best_of([gone("growth", 0.5, 0.5), gone("self-learning", 0.5, 0.5)]).way == "growth"


def ways_of(world, **more):
    settings = VecMapSettings(cutoff=3000)
    problem = Problem(world.source, world.target, settings, rounds=1, **more)
    applied = (UNTRIED.applied(settings), UNTRIED_START.applied(settings))
    return Ways(problem, *applied, Resources(threads=1)), problem


def test_no_held_out_word_takes_part_in_the_run_that_it_judges(rng, monkeypatch):
    world = plant(rng, size=800, width=20, noise=0.3)
    given = PairRows(np.arange(60), world.translation[:60])
    ways, _ = ways_of(world)
    divisions, starts, original = ways.divisions(given), [], Ways.go

    def watched(self, way, start, pairs, most, rounds=None):
        starts.append((start, pairs))
        return original(self, way, start, pairs, most, rounds)

    monkeypatch.setattr(Ways, "go", watched)
    monkeypatch.setattr("align.refine.ways._GOOD_RECALL", 1.1)  # so that every way is tried
    found = ways.from_pairs(given)
    assert {one.way for one in found} >= {"growth", "self-learning"}
    assert len(starts) == 3 * len(found)
    for (start, pairs), (_, tested) in zip(starts, divisions * len(found), strict=True):
        assert len(tested.source) == 20
        for side in (0, 1):
            assert not np.isin(start[side], tested[side]).any()
            assert not np.isin(pairs[side], tested[side]).any()
    assert best_of(found).recall.csls > 0.9
    assert best_of(found).recall.words == 60


def test_a_way_that_is_good_enough_ends_the_search(rng):
    world = plant(rng, size=800, width=20, noise=0.1)
    found = ways_of(world)[0].from_pairs(PairRows(np.arange(150), world.translation[:150]))
    assert [one.way for one in found] == ["growth"]
    assert found[0].is_good_enough
    assert not gone("growth", 0.4, 0.9).is_good_enough
    assert not gone("growth", 0.9, 0.4).is_good_enough
    assert not gone("growth", None, 0.9).is_good_enough


def test_noise_is_not_praised(rng):
    """Words that a way has started from would find themselves again, right or wrong."""
    world = plant(rng, size=800, width=20, noise=0.3)
    nonsense = rng.permutation(800)[:90]
    found = ways_of(world)[0].from_pairs(PairRows(np.arange(90), nonsense))
    assert best_of(found).recall.csls < 0.1


def test_fifty_pairs_or_none_lead_to_the_same_place(rng):
    world = plant(rng, size=1200, width=20, noise=0.3)
    settings = VecMapSettings(cutoff=1200)
    for pairs in (PairRows(np.arange(50), world.translation[:50]), None):
        problem = Problem(world.source, world.target, settings, pairs, rounds=1)
        found = learn_maps("tuned", problem, Resources(threads=1))
        assert found.notes["tuning"]["way"]
        mapped = found.source.apply(world.source), found.target.apply(world.target)
        assert precision(*mapped, world.translation) > 0.8


def test_words_spelled_alike_are_a_start_and_nothing_more(rng):
    world = plant(rng, size=1500, width=30, noise=0.3)
    guesses = PairRows(np.arange(0, 1500, 15), world.translation[::15].copy())
    guesses.target[::2] = (guesses.target[::2] + 1) % 1500  # half of them false friends
    problem = Problem(
        world.source,
        world.target,
        VecMapSettings(cutoff=1500),
        guesses,
        rounds=1,
        guessed=True,
        agreement_runs=1,
    )
    found = learn_maps("tuned", problem, Resources(threads=1))
    tuning = found.notes["tuning"]
    assert tuning["held_back"] is None  # they prove nothing
    mapped = found.source.apply(world.source), found.target.apply(world.target)
    assert precision(*mapped, world.translation) > 0.95
    assert (found.diagnosis.agreement is None) == (tuning["way"] == "the vectors as they lie")


def test_trial_runs_say_nothing(rng):
    world = plant(rng, size=500, width=10, noise=0.1)
    lines: list[str] = []
    problem = Problem(world.source, world.target, VecMapSettings(cutoff=500), NO_PAIRS, rounds=1)
    learner = MultistepLearner(problem, Resources(say=lines.append, threads=1))
    learner.grown(UNTRIED_START, PairRows(np.arange(50), world.translation[:50]), 500)
    assert lines == []


def test_without_a_dictionary_the_command_finds_a_start_itself(world, run_cli, flags, tmp_path):
    code, out, _ = run_cli("align", *flags(validation=tmp_path / "test.txt"), "--json")
    data = json.loads(out)
    assert code == 0
    assert data["judged_by"] == "signs"
    assert data["tuning"]["way"] in ("self-learning", "similarity profiles")
    assert data["validation"]["csls"] >= 0.95
