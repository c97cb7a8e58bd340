"""What takes long in learning tells of its steps: trials, rounds of mutual pairs, polishing."""

from __future__ import annotations

import numpy as np

from align.methods.hub_tuned import HubTuned
from align.problem import Problem, Resources
from align.vecmap.pairs import PairRows
from align.vecmap.presets import VecMapSettings
from tests.align.planted import plant
from x2static.core import progress


def test_each_trial_and_each_polishing_step_is_told(rng):
    world = plant(rng, size=340, width=8, noise=1.2)
    pairs = PairRows(np.arange(320), world.translation[:320])
    settings = VecMapSettings(mapping="orthogonal", cutoff=320)
    told, said = [], []
    problem = Problem(world.source, world.target, settings, pairs, rounds=2)
    HubTuned().learn(problem, Resources(threads=1, say=said.append, step=told.append))
    assert sum(line.startswith("tried ") for line in told) >= 12
    assert any("mutual pairs found" in line for line in told)
    assert sum(line.startswith("polished by ") for line in told) >= 30
    assert len(said) == 1  # trials tell of steps, not of results


def test_the_command_shows_them(world, run_cli, flags, tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "_PLAIN_EVERY_SECONDS", 0.0)
    code, _, err = run_cli("align", *flags(lexicon=tmp_path / "train.txt", preset="tuned"))
    assert code == 0
    assert "align: 12 steps" in err
    assert "mutual pairs found" in err
    hub = ("--hub", f"en={tmp_path / 'en.vec'}", "--spokes", f"de={tmp_path / 'de.vec'}")
    more = ("--lexicons", tmp_path / "train.txt", "--output", tmp_path / "aligned")
    code, _, err = run_cli("align", "hub", *hub, *more)
    assert code == 0
    assert "de (1 of 1): 12 steps" in err
