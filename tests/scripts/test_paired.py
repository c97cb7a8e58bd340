"""Sides that take turns, and what their ratios allow to claim."""

from __future__ import annotations

import pytest

from scripts.bench import complete
from scripts.paired import best, compared, in_turns, verdict


def test_sides_take_turns_and_the_order_turns_round() -> None:
    log: list[str] = []

    def side(name: str, figure: float):
        return lambda: log.append(name) or figure

    figures = in_turns({"a": side("a", 1), "b": side("b", 2)}, 3)
    assert "".join(log) == "abbaab"
    assert figures == {"a": [1, 1, 1], "b": [2, 2, 2]}


def test_ratios_are_worked_out_turn_by_turn() -> None:
    """The machine was twice as fast in the second turn: the ratio does not see it."""
    row = compared([10, 20, 11], [5, 10, 5], more_is_better=True)
    assert (row["ours"], row["reference"], row["repeats"]) == (11, 5, 3)
    assert (row["low"], row["ratio"], row["high"]) == (2, 2, 2.2)
    row = compared([1, 2], [4, 4], more_is_better=False)
    assert (row["low"], row["ratio"], row["high"]) == (2, 3, 4)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(2.0, 3.0, True), (1.0, 1.9, False), (1.9, 2.1, None), (1.5, 2.0, None), (2.1, 2.2, True)],
)
def test_turns_on_both_sides_of_the_goal_claim_nothing(
    low: float, high: float, expected: bool | None
) -> None:
    row = {"ratio": (low + high) / 2, "low": low, "high": high, "goal": 2.0}
    assert verdict(row) is expected


def test_a_row_without_turns_is_judged_by_its_ratio() -> None:
    assert verdict({"ratio": 2.0, "goal": 2.0}) is True
    assert verdict({"ratio": 1.9, "goal": 2.0}) is False
    assert verdict({"ratio": None, "goal": 2.0}) is False
    assert verdict({"ratio": 1.9}) is None


def test_the_best_side_is_the_one_with_the_best_median() -> None:
    figures = {"a": [1.0, 9, 2], "b": [3.0, 3, 3]}
    assert best(figures, ["a", "b"], more_is_better=True) == "b"
    assert best(figures, ["a", "b"], more_is_better=False) == "a"


def test_the_table_says_within_noise() -> None:
    row = complete({"name": "x", "ratio": 2.0, "low": 1.0, "high": 3.0, "goal": 1.5})
    assert row["holds"] is None
    assert row["note"] == "within noise"
