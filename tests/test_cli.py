"""The program: exit codes, one-line errors, JSON, signals, pipes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from x2static import __version__, cli
from x2static.commands import COMMANDS, Command, load, split_command

Cli = Callable[..., tuple[int, str, str]]
Refuses = Callable[..., None]

TOY = '''
import os, sys, time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal
from x2static.core.setting import positional
from x2static.core.errors import Interrupted, OutputError
from x2static.core.outcome import Outcome

@dataclass(frozen=True, kw_only=True)
class ToyConfig:
    """Do as told."""
    deed: Annotated[str, positional("what to do")]
    times: Annotated[int, "how often"] = 1
    names: Annotated[tuple[str, ...], "whom"] = ()

def toy(config):
    if config.deed == "user-error":
        raise OutputError("a.txt: line one\\nline two")
    if config.deed == "stopped":
        raise Interrupted("kept 3 parts; go on with --resume")
    if config.deed == "ctrl-c":
        raise KeyboardInterrupt
    if config.deed == "bug":
        raise ZeroDivisionError("a bug")
    if config.deed == "wait":
        print("waiting", file=sys.stderr, flush=True)
        time.sleep(60)
    if config.deed == "much":
        return Outcome("word\\n" * 1_000_000, {})
    if config.deed == "odd":
        return Outcome(os.fsdecode(b"caf\\xe9"), {})
    return Outcome(f"did {config.deed} {config.times}", vars(config))
'''

PROGRAM = """
import sys
from x2static import cli
from x2static.commands import COMMANDS, Command
COMMANDS["toy"] = Command("toy_stage:ToyConfig", "toy_stage:toy", "play", {json!r})
sys.exit(cli.main())
"""


@pytest.fixture(autouse=True)
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A command that does as told, in this process and, through ``program``, in others."""
    folder = tmp_path / "toy"
    folder.mkdir()
    (folder / "toy_stage.py").write_text(TOY)
    (folder / "program.py").write_text(PROGRAM.format(json="flag"))
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "toy_stage", raising=False)
    for name in ("toy", "toy two"):
        monkeypatch.setitem(COMMANDS, name, Command("toy_stage:ToyConfig", "toy_stage:toy", "play"))
    monkeypatch.setitem(
        COMMANDS, "toyfile", Command("toy_stage:ToyConfig", "toy_stage:toy", "play", "file")
    )
    return folder


def program(folder: Path, *arguments: str) -> list[str]:
    return [sys.executable, str(folder / "program.py"), "toy", *arguments]


def test_done_is_zero_and_text_goes_to_standard_output(run_cli: Cli) -> None:
    assert run_cli("toy", "dance", "--times", 3) == (0, "did dance 3\n", "")


def test_json_is_for_machines(run_cli: Cli) -> None:
    code, out, err = run_cli("toy", "dance", "--names", "Ann", "Zoë", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == {"deed": "dance", "times": 1, "names": ["Ann", "Zoë"]}
    assert "Zoë" in out


def test_json_to_a_file_leaves_the_text_on_standard_output(run_cli: Cli, tmp_path: Path) -> None:
    target = tmp_path / "new" / "scores.json"
    assert run_cli("toyfile", "dance", "--json", target) == (0, "did dance 1\n", "")
    assert json.loads(target.read_text())["deed"] == "dance"
    code, out, _ = run_cli("toyfile", "dance", "--json", "-")
    assert code == 0
    assert json.loads(out)["deed"] == "dance"


def test_user_error_is_one_line_and_two(refuses: Refuses) -> None:
    refuses(r"^error: a\.txt: line one line two$", "toy", "user-error")


@pytest.mark.parametrize(
    ("pattern", "arguments"),
    [
        ("unknown command 'distil'; did you mean 'distill'?", ["distil"]),
        ("unrecognized arguments: --nonsense; see x2static --help", ["--nonsense"]),
        ("toy: missing DEED; see x2static toy --help", ["toy"]),
        (
            "unrecognized arguments: --spoon 3; see x2static toy --help",
            ["toy", "x", "--spoon", "3"],
        ),
        ("argument --times: invalid int value: 'two'", ["toy", "x", "--times", "two"]),
        ("argument --times: expected one argument", ["toy", "x", "--times"]),
        ("unrecognized arguments: --time 2", ["toy", "x", "--time", "2"]),
        ("nowhere.toml: No such file", ["toy", "x", "--config", "nowhere.toml"]),
        (
            "/dev/null: Not a directory; choose another --json",
            ["toyfile", "x", "--json", "/dev/null/file"],
        ),
    ],
)
def test_wrong_arguments_are_one_line_and_two(
    pattern: str, arguments: list[str], refuses: Refuses
) -> None:
    refuses(re.escape(pattern), *arguments)


def test_settings_come_from_a_file_and_flags_win(
    run_cli: Cli, write_text: Callable[[str, str], Path]
) -> None:
    file = write_text("c.toml", 'deed = "sing"\ntimes = 2\n')
    assert run_cli("toy", "--config", file)[1] == "did sing 2\n"
    assert run_cli("toy", "--config", file, "--times", "5")[1] == "did sing 5\n"
    assert run_cli("toy", "dance", "--config", file)[1] == "did dance 2\n"


def test_interruption_is_130_and_says_how_to_go_on(run_cli: Cli) -> None:
    assert run_cli("toy", "stopped") == (
        130,
        "",
        "interrupted: kept 3 parts; go on with --resume\n",
    )
    assert run_cli("toy", "ctrl-c") == (130, "", "interrupted\n")


def test_bug_keeps_its_traceback(run_cli: Cli) -> None:
    with pytest.raises(ZeroDivisionError):
        run_cli("toy", "bug")


def test_no_argument_shows_every_command(run_cli: Cli) -> None:
    code, out, err = run_cli()
    assert (code, err) == (0, "")
    for name, command in COMMANDS.items():
        assert name in out
        assert command.help in out


def test_version_and_help_end_with_zero(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, part in [(["--version"], __version__), (["toy", "--help"], "Do as told.")]:
        with pytest.raises(SystemExit) as stop:
            cli.main(arguments)
        assert stop.value.code == 0
        assert part in capsys.readouterr().out


def test_longest_command_name_wins() -> None:
    assert split_command(["toy", "two", "x"]) == ("toy two", ["x"])
    assert split_command(["toy", "three"]) == ("toy", ["three"])
    assert split_command(["two", "toy"]) == (None, ["two", "toy"])
    assert split_command([]) == (None, [])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["term", "int"])
def test_signal_ends_with_130_and_one_line(number: int, toy: Path) -> None:
    process = subprocess.Popen(program(toy, "wait"), stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    with process.stderr:
        assert process.stderr.readline() == "waiting\n"
        time.sleep(0.05)  # until it sleeps
        process.send_signal(number)
        assert process.stderr.read() == "interrupted\n"
    assert process.wait(timeout=20) == 130


def test_reader_that_leaves_early_is_no_error(toy: Path) -> None:
    process = subprocess.Popen(
        program(toy, "much"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout, process.stderr:
        assert process.stdout.readline() == "word\n"
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.wait(timeout=20) == 0


@pytest.mark.parametrize("arguments", [["dance"], ["--help"]])
def test_reader_that_is_gone_is_no_error(arguments: list[str], toy: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    answer = subprocess.run(
        program(toy, *arguments), stdout=writing, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writing)
    assert (answer.returncode, answer.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device /dev/full")
def test_full_standard_output_is_one_line_and_two(toy: Path) -> None:
    with open("/dev/full", "w") as full:
        answer = subprocess.run(
            program(toy, "dance"), stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert answer.stderr == "error: standard output: No space left on device\n"
    assert answer.returncode == 2


def test_text_that_is_no_utf8_is_printed_escaped(toy: Path) -> None:
    answer = subprocess.run(
        program(toy, "odd"), capture_output=True, env={**os.environ, "PYTHONUTF8": "1"}, check=False
    )
    assert (answer.returncode, answer.stdout) == (0, b"caf\\udce9\n")


def test_module_runs_as_the_program_does() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "x2static", "--version"], capture_output=True, text=True, check=True
    )
    assert answer.stdout == f"x2static {__version__}\n"


def test_every_command_names_modules_that_exist() -> None:
    for name, command in list(COMMANDS.items()):
        assert callable(load(command.config)), name


def test_warnings_say_that_they_are_warnings(run_cli):
    import logging

    run_cli("bogus")
    record = logging.LogRecord("align", logging.WARNING, "", 0, "%s: doubtful", ("a.vec",), None)
    assert logging.lastResort.format(record) == "warning: a.vec: doubtful"
