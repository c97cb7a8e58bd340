"""What words cost, from updates that are given here."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.bench import complete
from scripts.benchmarks.pretrain import Update, compare

LENGTHS = (1.0, 2.0, 1.0, 3.0, 1.0)  # an update's text; its fastest by piece is not always the same


def updates(extra: tuple[float, ...], words: float) -> list[Update]:
    return [
        Update(length + more, int(1000 * length), 100 * length, words)
        for length, more in zip(LENGTHS, extra, strict=True)
    ]


def test_same_updates_are_compared_whatever_their_length():
    found = compare(updates((0,) * 5, 0), updates((0.5, 0.5, 0.5, 0.5, 0.5), 50))
    assert found["ours"] == pytest.approx(0.5)
    assert found["reference"] == pytest.approx(0.5)  # 50 operations at 100 a second
    assert complete({"name": "x", "unit": "s", **found})["holds"]


def test_words_that_cost_too_much_fail():
    found = compare(updates((0,) * 5, 0), updates((0.6, 0.61, 0.59, 0.6, 0.62), 50))
    assert complete({"name": "x", "unit": "s", **found})["holds"] is False


@pytest.mark.parametrize(
    "extra",
    [(-0.1, -0.2, 0.1, -0.1, 0.0), (0.1, -0.2, 0.3, 0.2, -0.3), (0, 0, 0, 0, 0)],
    ids=["faster with words", "scattered", "the same"],
)
def test_nothing_is_claimed_within_noise(extra):
    found = complete(
        {"name": "x", "unit": "s", **compare(updates((0,) * 5, 0), updates(extra, 50))}
    )
    assert found["holds"] is None
    assert "within noise" in found["note"]
