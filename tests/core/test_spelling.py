"""Suggestions for a word that is not there."""

from __future__ import annotations

from x2static.core.spelling import closest_spellings


def test_other_case_comes_first_then_likeness() -> None:
    known = ["Auto", "haus", "HAUS", "Hauses", "Maus", "Zebra"]
    assert closest_spellings("Haus", known) == ["haus", "HAUS", "Maus", "Hauses"]
    assert closest_spellings("Haus", known, count=1) == ["haus"]
    assert closest_spellings("qqqqqq", known) == []
    assert closest_spellings("猫咪", ["猫", "犬"]) == ["猫"]
