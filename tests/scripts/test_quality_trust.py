"""The runs behind the signs of failure: what is right is right, limits lie between good and bad."""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from align.vecmap.alignment import align_matrices
from align.vecmap.presets import preset_settings
from scripts.quality import trust as quality_trust
from scripts.quality.trust_worlds import planted_worlds


def test_planted_worlds_have_the_translations_that_they_claim():
    related, unrelated, seeded = islice(planted_worlds(), 3)
    assert [world.family for world in (related, unrelated, seeded)] == [
        "planted",
        "unrelated",
        "25 pairs",
    ]
    assert not unrelated.right
    assert seeded.seeds is not None
    assert len(seeded.seeds[0]) == 25
    words = sorted(related.right)
    taught, tested = (quality_trust._pairs(related, words[half::2]) for half in (0, 1))
    found = align_matrices(
        related.source, related.target, preset_settings("supervised", ridge=0.1), taught
    )
    mapped = found.source.apply(related.source), found.target.apply(related.target)
    score = quality_trust.precision_at_one(*mapped, tested)
    assert score.csls > 20 / len(related.target)


def run(is_good, agreement, found_again=0.8, family="planted"):
    signs = {"agreement": agreement, "found_again": found_again, "lift": 0.5}
    return {"good": is_good, "family": family, **signs}


def test_a_limit_lies_in_the_middle_of_those_with_the_fewest_errors():
    runs = [run(False, 0.2), run(False, 0.4), run(True, 0.8), run(True, 0.9), run(False, None)]
    rule = quality_trust.chosen_rule(runs, ["agreement"])
    assert rule["agreement"] == pytest.approx(0.6, abs=0.03)
    assert quality_trust.error_rates(runs, rule) == (0.0, 0.0)
    assert quality_trust.error_rates(runs, {"agreement": 0.3}) == (pytest.approx(1 / 3), 0.0)
    assert quality_trust.error_rates(runs, {"agreement": 0.85}) == (0.0, 0.5)


def test_each_family_is_halved():
    runs = [run(True, 0.1 * n, family=("a", "b")[n > 2]) for n in range(6)]
    choosing, measuring = quality_trust.halves(runs)
    assert [one["agreement"] for one in choosing] == pytest.approx([0.0, 0.2, 0.3, 0.5])
    assert [one["agreement"] for one in measuring] == pytest.approx([0.1, 0.4])
