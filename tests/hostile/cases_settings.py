"""Flags and settings files, over every command."""

from __future__ import annotations

from tests.hostile.case import Case
from tests.hostile.parts import EN, folder
from x2static.cli import COMMANDS

DIGITS = "1" + "0" * 399


def of_every_command(command: str) -> list[Case]:
    """What is wrong with any command in the same way."""
    name = command.replace(" ", "_")
    needs = "workbench" if command == "run" else "run" if command == "report" else None
    return [
        Case(name=f"{name}-unknown-flag", command=f"{command} --colour",
             line="unrecognized arguments: --colour"),
        Case(name=f"{name}-nothing-given", command=command,
             line=f"{command}: missing |words|{needs}|give"),
        Case(name=f"{name}-unknown-setting", command=f"{command} --config c.toml",
             files={"c.toml": "colour = 1\n"}, line="c.toml: unknown setting 'colour'"),
        Case(name=f"{name}-config-is-gone", command=f"{command} --config c.json",
             line="c.json: No such file"),
        Case(name=f"{name}-abbreviated-flag", command=f"{command} --confi c.json",
             line="unrecognized arguments: --confi"),
    ]  # fmt: skip


def config(name: str, line: str, file: str, content: object, *, alone: bool = False) -> Case:
    """A settings file of ``export`` that is wrong."""
    return Case(
        name=f"config-{name}", command=f"export en.vec --output o.txt --format glove --config {file}",
        files={"en.vec": EN, file: content}, line=line, alone=alone,  # type: ignore[dict-item]
    )  # fmt: skip


CONFIG_FILES = [
    config("folder", "c.toml: Is a directory", "c.toml", folder),
    config("latin-1", "c.toml: not readable as settings", "c.toml", 'format = "gr\xfc"'.encode("latin-1")),
    config("not-toml", "c.toml: not readable as settings", "c.toml", "format: glove\n"),
    config("not-json", "c.json: not readable as settings", "c.json", "{"),
    config("json-list", "c.json: expected a table", "c.json", "[1]"),
    config("json-number", "c.json: expected a table", "c.json", "3"),
    config("5000-digits", "c.json: not readable", "c.json", '{"limit": 1' + "0" * 5000 + "}"),
    config("null", "c.json: .*format", "c.json", '{"format": null}'),
    config("wrong-type", "c.json: limit must be int", "c.json", '{"limit": "3"}'),
    config("true-for-int", "c.json: limit must be int", "c.json", '{"limit": true}'),
    config("float-for-int", "c.json: limit must be int", "c.json", '{"limit": 1.0}'),
    config("twice-in-toml", "c.toml: not readable", "c.toml", "limit = 1\nlimit = 2\n"),
    config("choice", "format must be one of", "c.toml", 'format = "excel"\n'),
    config("choice-list", "format must be one of", "c.toml", "format = [1]\n"),
]  # fmt: skip

CASES = [
    *(case for command in COMMANDS for case in of_every_command(command)), *CONFIG_FILES,
    Case(name="no-such-command", command="distil", line="unknown command 'distil'; did you mean"),
    Case(name="no-such-eval", command="eval blix", line="unknown command 'eval'"),
    Case(name="eval-alone", command="eval", line="unknown command 'eval'"),
    Case(name="unknown-flag-alone", command="--colour", line="unrecognized arguments"),
    Case(name="not-a-number", command="export en.vec --limit three", line="--limit: invalid int"),
]  # fmt: skip
