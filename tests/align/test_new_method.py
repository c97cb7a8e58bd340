"""The walk of CONTRIBUTING: an alignment method is one new file and lines in two others."""

from __future__ import annotations

import numpy as np
import pytest

from align.hub.config import HubConfig
from align.hub.learner import HubLearner
from align.methods.method import Method
from align.methods.table import learn_maps
from align.problem import Problem
from align.vecmap.alignment import Alignment, unchanged
from align.vecmap.diagnosis import Diagnosis
from align.vecmap.pairs import PairRows
from align.vecmap.presets import preset_settings
from tests.align.planted import precision
from tests.house.added import Program
from x2static.core.vector_file import read_vectors

NEW = {
    "align/methods/turn.py": '''"""Method ``turn``: the rotation alone."""

from align.methods.method import Method
from align.vecmap.alignment import Alignment, Sides
from align.vecmap.linear import orthogonal_maps


class Turn(Method):
    """Rotate the source onto the target."""

    name = "turn"
    fixed = {"ridge": 0.0, "dimensions": 0}
    refusal = "is not for method turn, which only rotates"
    whole_matrix = True

    def learn(self, problem, resources):
        pairs = self.required_pairs(problem)
        sides = Sides(*problem.matrices, problem.settings)
        first, second = sides.language_maps(orthogonal_maps(*sides.rows_of(pairs)))
        resources.say("turned")
        return Alignment(first, second, pairs, sides.diagnosis(first, second))
'''
}
LINES = {
    "align/methods/table.py": (
        ("import Tuned\n", "import Tuned\nfrom align.methods.turn import Turn\n"),
        ('MethodName = Literal["vecmap",', 'MethodName = Literal["turn", "vecmap",'),
        ('        "vecmap": VecMap(),\n', '    "vecmap": VecMap(),\n    "turn": Turn(),\n'),
    ),
    "align/config.py": (
        ("Preset = Literal[\n", 'Preset = Literal[\n    "turn",\n'),
        (
            "_MORE_PRESETS: dict[str, dict[str, Any]] = {\n",
            "_MORE_PRESETS: dict[str, dict[str, Any]] = {\n"
            '    "turn": {**PRESETS["supervised"], "method": "turn"},\n',
        ),
    ),
}


@pytest.fixture
def program(tmp_path):
    """Runs ``x2static`` with a copy of ``align`` that has the new method."""
    return Program(tmp_path / "tree", "align", NEW, LINES)


def test_a_toy_method_needs_three_files_and_runs_by_its_name_and_by_its_preset(
    world, program, flags, tmp_path
):
    assert len({*NEW, *LINES}) == 3
    given = {"lexicon": tmp_path / "train.txt"}
    done = program("align", *flags(preset="turn", **given))
    assert done.returncode == 0, done.stderr
    assert "learned from 200 pairs (turn)" in done.stdout
    source, target = (read_vectors(tmp_path / name).matrix for name in ("out.de", "out.en"))
    assert precision(source, target, world.translation) >= 0.99
    refused = program("align", *flags(method="turn", ridge=1, overwrite=True, **given))
    assert refused.returncode == 2
    assert "--ridge is not for method turn, which only rotates" in refused.stderr


class Looking(Method):
    """Remembers what it was given."""

    name = "looking"

    def __init__(self):
        self.problems = []

    def learn(self, problem, resources):
        self.problems.append(problem)
        same = unchanged(problem.width)
        return Alignment(same, same, problem.pairs, Diagnosis(1.0, 1.0, 1.0, 1.0))


def test_no_method_sees_the_held_out_pairs(rng, monkeypatch, tmp_path):
    rows = rng.standard_normal((30, 4)).astype(np.float32)
    taught, kept = (PairRows(part, part) for part in (np.arange(20), np.arange(20, 30)))
    problem = Problem(rows, rows, preset_settings("supervised"), taught, kept)
    method = Looking()
    monkeypatch.setattr("align.methods.table.METHODS", {"looking": method})
    learn_maps("looking", problem)
    monkeypatch.setattr("align.hub.learner.HUB_METHODS", {"orthogonal": method})
    config = HubConfig(
        hub="en=en.vec",
        spokes=("de=de.vec",),
        output=tmp_path,
        lexicons="{}.txt",
        method="orthogonal",
    )
    learner = HubLearner(config, "de", problem)
    assert learner.judge(learner.learn()).aligned.words == 10
    assert [(given.pairs, given.held_out) for given in method.problems] == [(taught, None)] * 2
