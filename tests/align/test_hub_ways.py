"""A spoke with a few pairs takes the way that leads on, too."""

from __future__ import annotations

import numpy as np

from align.methods.table import HUB_METHODS
from align.problem import Problem, Resources
from align.vecmap.pairs import PairRows
from align.vecmap.presets import VecMapSettings
from tests.align.planted import plant, precision


def test_fifty_pairs_bring_a_spoke_into_the_hub(rng):
    world = plant(rng, size=900, width=20, noise=0.8)
    pairs = PairRows(np.arange(50), world.translation[:50])
    settings = VecMapSettings(mapping="orthogonal", cutoff=900)
    lines: list[str] = []
    problem = Problem(world.source, world.target, settings, pairs, rounds=1)
    found = HUB_METHODS["tuned"].learn(problem, Resources(say=lines.append, threads=1))
    assert "\ntuned: tried growth: " in lines[0]
    assert found.notes["tuning"]["way"] in ("growth", "self-learning", "the vectors as they lie")
    assert precision(found.source.apply(world.source), world.target, world.translation) > 0.5


def test_a_dictionary_of_some_size_only_grows(rng):
    world = plant(rng, size=700, width=10, noise=0.2)
    pairs = PairRows(np.arange(600), world.translation[:600])
    settings = VecMapSettings(mapping="orthogonal", cutoff=700)
    lines: list[str] = []
    problem = Problem(world.source, world.target, settings, pairs, rounds=1)
    found = HUB_METHODS["tuned"].learn(problem, Resources(say=lines.append, threads=1))
    assert not any("ways to more" in line for line in lines)
    assert found.notes["tuning"]["way"] in ("growth", None)
