"""Signs of failure: where each limit lies, and whether other runs end in the same place."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from align.methods.table import learn_maps
from align.problem import Problem, Resources
from align.vecmap import agreement as agreement_module
from align.vecmap.agreement import agreement, can_be_asked
from align.vecmap.alignment import align_matrices
from align.vecmap.diagnosis import Diagnosis
from align.vecmap.pairs import PairRows
from align.vecmap.presets import FAST_SCHEDULE, preset_settings
from tests.align.planted import plant

FAST = replace(preset_settings("unsupervised"), **FAST_SCHEDULE)
GOOD = Diagnosis(0.5, 0.9, 0.6, 0.6)


@pytest.mark.parametrize(
    ("signs", "fails"),
    [
        ({}, False),
        ({"found_again": 0.66}, False),
        ({"found_again": 0.64}, True),
        ({"lift": 0.26}, False),
        ({"lift": 0.24}, True),
        ({"agreement": 0.51}, False),
        ({"agreement": 0.49}, True),
        ({"agreement": 0.99, "found_again": 0.64}, True),
    ],
)
def test_each_sign_has_its_limit(signs, fails):
    assert replace(GOOD, **signs).has_failed is fails


def run(world, **more):
    return align_matrices(
        world.source, world.target, FAST, accept_failure=True, agreement_runs=2, threads=1, **more
    )


def test_runs_on_languages_that_belong_together_agree(rng):
    found = run(plant(rng, size=500, width=20, noise=0.3))
    assert found.diagnosis.agreement > 0.95
    assert not found.diagnosis.has_failed


def test_runs_on_unrelated_languages_end_in_different_places(rng):
    world = plant(rng, size=400, width=20)
    other = plant(rng, size=400, width=20)
    found = run(replace(world, target=other.target))
    assert found.diagnosis.agreement < 0.3
    assert found.diagnosis.has_failed
    assert f"other runs agree on {100 * found.diagnosis.agreement:.1f} %" in str(found.diagnosis)


def test_agreement_is_the_mean_share_of_words_translated_alike(rng, monkeypatch):
    """Three runs of which one finds every word, one none, one the first half."""
    world = plant(rng, size=200, width=10, noise=0.01)
    whole = PairRows(np.arange(200), world.translation)
    right = world.translation
    wrong = (right + 1) % 200
    answers = iter([right, wrong, np.where(np.arange(200) < 100, right, wrong)])
    draws = []

    class State:
        pairs = whole

    class Found:
        def __init__(self):
            self.forward = next(answers)

    monkeypatch.setattr(agreement_module, "learn", lambda *a: draws.append(a[5]) or State())
    monkeypatch.setattr(agreement_module, "translations", lambda *_: Found())
    share = agreement((world.source, world.target), FAST, None, right, runs=3, seed=7)
    assert share == pytest.approx(0.5)
    assert len(set(draws)) == 3
    assert {seed for seed, _ in draws} == {7}
    assert min(attempt for _, attempt in draws) > 100  # no attempt of the run itself


def test_only_frequent_words_are_looked_at(rng, monkeypatch):
    world = plant(rng, size=300, width=10, noise=0.01)
    for name in ("align.vecmap.agreement.WORDS", "align.vecmap.sides.WORDS"):
        monkeypatch.setattr(name, 120)
    sizes = []
    make = agreement_module.make_inducer
    monkeypatch.setattr(agreement_module, "make_inducer", lambda *a: sizes.append(a[1]) or make(*a))
    assert run(world).diagnosis.agreement is not None
    assert sizes == [(120, 120)] * 2
    rare = PairRows(np.arange(200, 300), world.translation[200:])
    given = (world.source, world.target), FAST, rare, np.arange(120)
    assert agreement(*given, runs=1, seed=0) is None


def test_what_other_runs_say_of_the_start_holds_for_what_is_built_upon_it(rng):
    world = plant(rng, size=300, width=12, noise=0.2)
    pairs = PairRows(np.arange(40), world.translation[:40])
    settings = replace(preset_settings("semi-supervised"), **FAST_SCHEDULE)
    found = learn_maps(
        "bootstrap",
        Problem(world.source, world.target, settings, pairs, rounds=1, agreement_runs=1),
        Resources(threads=1),
    )
    assert found.diagnosis.agreement > 0.9


def test_a_run_without_draws_is_not_repeated(rng):
    settings = replace(FAST, keep_initial=1.0)
    assert not can_be_asked(settings)
    assert can_be_asked(FAST)
    world = plant(rng, size=200, width=10, noise=0.05)
    pairs = PairRows(np.arange(50), world.translation[:50])
    found = align_matrices(world.source, world.target, settings, pairs, agreement_runs=2)
    assert found.diagnosis.agreement is None


def test_the_command_says_what_it_goes_by(world, run_cli, flags, tmp_path):
    quick = {"preset": "unsupervised", "fast": True, "overwrite": True}
    code, out, err = run_cli("align", *flags(**quick))
    assert code == 0, err
    shown = next(line for line in out.splitlines() if line.startswith("trusted by these signs: "))
    assert re.search(r"agreement (100\.0|9\d\.\d) % \(at least 50 %\)", shown)
    code, out, _ = run_cli("align", *flags(**quick, agreement_runs=0), "--json")
    said = json.loads(out)
    assert (said["judged_by"], said["agreement"]) == ("signs", None)
    code, out, _ = run_cli("align", *flags(lexicon=tmp_path / "train.txt", overwrite=True))
    assert code == 0
    assert "by these signs" not in out
