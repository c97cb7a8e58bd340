"""What a run record says of an alignment that was not used."""

from __future__ import annotations

from typing import Any

import pytest

from x2static.core.rejection import rejection

HUB = {"aligned": False, "held_back": {"csls": 0.1}, "held_back_unaligned": {"csls": 0.25}}
PAIR = {"aligned": False, "validation": {"csls": 0.1}, "validation_unaligned": {"csls": 0.25}}


@pytest.mark.parametrize("result", [HUB, PAIR], ids=["align hub", "align"])
def test_both_scores_are_told(result: dict[str, Any]) -> None:
    assert rejection({"result": result}) == (
        "alignment rejected (held-out CSLS P@1 10.00 mapped, 25.00 as they are): written unaligned"
    )


@pytest.mark.parametrize("result", [None, [], {}, {"aligned": True}, {"aligned": None}])
def test_what_was_aligned_or_tells_nothing_is_not_rejected(result: Any) -> None:
    assert rejection({"result": result}) is None
    assert rejection({}) is None


@pytest.mark.parametrize("score", [None, "x", {"csls": "much"}, {"csls": None}])
def test_a_record_without_figures_is_no_obstacle(score: Any) -> None:
    found = rejection({"result": {**HUB, "held_back": score}})
    assert found == "alignment rejected: written unaligned"
