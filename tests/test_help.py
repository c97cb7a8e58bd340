"""Help that teaches: groups, required settings marked, an example that works, one page."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable

import pytest

from tests.test_documents import understood
from x2static import cli
from x2static.commands import COMMANDS, load
from x2static.core.setting import Help, fields_of
from x2static.help_page import MOST_LINES, group_of, help_page

Cli = Callable[..., tuple[int, str, str]]


def page(name: str, *, everything: bool = False) -> str:
    command = COMMANDS[name]
    return help_page(name, load(command.config), json=command.json, everything=everything, width=80)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_fits_one_page(name: str) -> None:
    lines = page(name).splitlines()
    assert len(lines) <= MOST_LINES, "call some settings rare in the HELP of the config class"
    assert max(map(len, lines[1:])) <= 80


@pytest.mark.parametrize("name", COMMANDS)
def test_the_whole_help_shows_each_setting_once_with_its_default(name: str) -> None:
    text = page(name, everything=True)
    blocks = re.findall(r"^ {2}[* ] \S.*(?:\n {20,}\S.*)*", text, re.MULTILINE)
    for field in fields_of(load(COMMANDS[name].config)):
        flag = re.escape(field.place.removeprefix("--"))
        found = [b for b in blocks if re.match(rf" {{2}}[* ] (--(\[no-\])?)?{flag}(\s|$)", b)]
        assert len(found) == 1, field.name
        assert found[0].startswith("  *") == field.is_required
        assert field.is_required or "[" in found[0] or "default" in found[0]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_example_of_each_command_is_understood(name: str) -> None:
    words = shlex.split(load(COMMANDS[name].config).HELP.example)
    assert words[: 1 + len(name.split())] == ["x2static", *name.split()]
    understood(words)
    shown = page(name).split("example:\n")[1].split("\n\n")[0]
    assert shlex.split(shown.replace("\\\n", "")) == words


@pytest.mark.parametrize("name", COMMANDS)
def test_help_names_no_setting_that_is_not_there(name: str) -> None:
    config_class = load(COMMANDS[name].config)
    told, known = config_class.HELP, {field.name for field in fields_of(config_class)}
    named = " ".join([told.inputs, told.outputs, told.speed, told.rare]).split()
    assert sorted(set(named) - known) == []
    assert len(named) == len(set(named))
    assert sorted(set(told.common.split()) - known) == []


def test_no_required_setting_is_rare() -> None:
    for command in COMMANDS.values():
        told: Help = load(command.config).HELP
        for field in fields_of(load(command.config)):
            assert not (field.is_required and group_of(field, told) == "rare")


def test_rare_settings_wait_for_help_all(capsys: pytest.CaptureFixture[str]) -> None:
    for flag, shows in (("--help", False), ("-h", False), ("--help-all", True)):
        with pytest.raises(SystemExit) as stop:
            cli.main(["align", flag])
        assert stop.value.code == 0
        out = capsys.readouterr().out
        assert ("--source-dewhiten" in out) == shows
        assert ("x2static align --help-all" in out) != shows


def test_a_family_lists_its_commands(run_cli: Cli) -> None:
    for words in (["eval"], ["eval", "--help"]):
        code, out, err = run_cli(*words)
        assert (code, err) == (0, "")
        for name, command in COMMANDS.items():
            assert (command.help in out) == name.startswith("eval ")


def test_a_family_offers_the_nearest_of_its_commands(refuses: Callable[..., None]) -> None:
    refuses("unknown command 'eval bly'; did you mean 'eval bli'", "eval", "bly")
