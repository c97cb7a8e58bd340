"""Progress lines: figures right, standard output untouched."""

from __future__ import annotations

import sys
import time

import pytest

from x2static.core.progress import Progress, format_seconds


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock)
    return clock


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00"),
        (59.4, "0:59"),
        (59.6, "1:00"),
        (75, "1:15"),
        (3700, "1:01:40"),
        (86400, "24:00:00"),
    ],
)
def test_seconds_read_as_a_clock(seconds: float, text: str) -> None:
    assert format_seconds(seconds) == text


def test_line_shows_share_rate_and_remaining_time(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with Progress("distill", 4000, "sentences") as progress:
        clock.now += 20
        progress.advance(1000, "loss 1.23")
        captured = capsys.readouterr()
        # 1000 in 20 s are 50 a second; the other 3000 take 60 s
        assert (
            captured.err
            == "distill: 1,000/4,000 sentences (25 %), 50 sentences/s, 1:00 left, loss 1.23\n"
        )
        assert captured.out == ""


def test_resumed_work_counts_only_its_own_units_in_the_rate(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with Progress("x", 200, "units", done=100) as progress:
        clock.now += 20
        progress.advance(20)
    assert capsys.readouterr().err.startswith("x: 120/200 units (60 %), 1 units/s, 1:20 left\n")


def test_unknown_total_shows_no_share(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("x", None, "units") as progress:
        clock.now += 20
        progress.advance(40)
        assert capsys.readouterr().err == "x: 40 units, 2 units/s\n"


def test_lines_are_rare_and_the_last_state_is_always_shown(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with Progress("x", 100, "units") as progress:
        for _ in range(100):
            clock.now += 0.5
            progress.advance(1)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[1] for line in lines] == ["30/100", "60/100", "90/100", "100/100"]
    assert "left" not in lines[-1]


def test_nothing_done_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("x", 0, "units"):
        pass
    assert capsys.readouterr().err == ""


def test_no_time_passed_is_no_division_by_zero(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with Progress("x", 2, "units") as progress:
        progress.advance(1)
    assert "1/2 units (50 %)" in capsys.readouterr().err


def test_terminal_gets_one_line_that_rewrites_itself(
    clock: Clock, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with Progress("x", 10, "units") as progress:
        clock.now += 1
        progress.advance(1)
        progress.say("stays")
        clock.now += 0.1
        progress.advance(1)
    text = capsys.readouterr().err
    assert text.count("\n") == 2  # behind what stays and at the end
    assert text.count("\r\x1b[K") == 3
    assert "\x1b[Kstays\n" in text


def test_said_line_is_plain_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("x", 10, "units") as progress:
        progress.say("Haus: Gebäude")
    assert capsys.readouterr().err == "Haus: Gebäude\n"
