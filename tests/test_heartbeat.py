"""Signs of life: none while something is shown, one where a command has long been silent."""

from __future__ import annotations

import sys
import threading
import time

import pytest

from x2static import cli, heartbeat
from x2static.commands import COMMANDS
from x2static.core.progress import Progress, doing, signs
from x2static.heartbeat import Heartbeat


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_PLAIN_SECONDS", "_LIVE_SECONDS", "_LIVE_EVERY_SECONDS"):
        monkeypatch.setattr(heartbeat, name, 0.05)


def test_a_silent_command_says_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    with Heartbeat("eval bli"):
        doing("reading vectors/de")
        time.sleep(0.12)
        doing("ranking")
        time.sleep(0.12)
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert lines[0] == "eval bli: 0:00, reading vectors/de"
    assert lines[-1] == "eval bli: 0:00, ranking"
    assert 2 <= len(lines) <= 4
    assert signs.doing == ""


def test_a_quick_command_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Heartbeat("export"):
        doing("reading de.vec")
    assert capsys.readouterr().err == ""


def test_what_is_shown_keeps_it_silent(capsys: pytest.CaptureFixture[str]) -> None:
    with Heartbeat("align"), Progress("align", None, "steps") as progress:
        for number in range(20):
            progress.say(f"line {number}")
            time.sleep(0.01)
    assert [line.split()[0] for line in capsys.readouterr().err.splitlines()] == ["line"] * 20


def test_a_terminal_gets_a_line_that_goes_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with Heartbeat("report"):
        time.sleep(0.2)
    err = capsys.readouterr().err
    assert "\n" not in err
    assert err.startswith("\r\x1b[Kreport: 0:00")
    assert err.endswith("\r\x1b[K")


def test_its_thread_ends_with_the_command_even_in_an_error() -> None:
    before = threading.active_count()
    with pytest.raises(ZeroDivisionError), Heartbeat("x"):
        raise ZeroDivisionError
    assert threading.active_count() == before


def test_the_program_watches_commands_that_do_not_speak_for_themselves() -> None:
    assert {name for name, command in COMMANDS.items() if command.speaks} == {"run", "explore"}
    assert cli.Heartbeat is Heartbeat
