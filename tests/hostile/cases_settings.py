"""Flags and settings files, over every command."""

from __future__ import annotations

from tests.hostile.case import Case
from tests.hostile.parts import EN, deep_json, deep_toml, fifo, folder, link_to
from x2static.commands import COMMANDS

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
        name=f"config-{name}",
        command=f"export en.vec --output o.txt --format glove --config {file}",
        files={"en.vec": EN, file: content},
        line=line,
        alone=alone,  # type: ignore[dict-item]
    )


CONFIG_FILES = [
    config("folder", "c.toml: Is a directory", "c.toml", folder),
    config("fifo", "c.toml: a pipe to which nobody writes", "c.toml", fifo),
    config("fifo-after-five-seconds", "c.toml: a pipe to which nobody writes", "c.toml", fifo, alone=True),
    config("zeros", "c.toml: ", "c.toml", link_to("/dev/zero"), alone=True),
    config("random", "c.toml: ", "c.toml", link_to("/dev/urandom"), alone=True),
    config("latin-1", "c.toml: not readable as settings", "c.toml", 'format = "gr\xfc"'.encode("latin-1")),
    config("not-toml", "c.toml: not readable as settings", "c.toml", "format: glove\n"),
    config("not-json", "c.json: not readable as settings", "c.json", "{"),
    config("json-list", "c.json: expected a table", "c.json", "[1]"),
    config("json-number", "c.json: expected a table", "c.json", "3"),
    config("deep-json", "c.json: .*nested too deep", "c.json", deep_json()),
    config("deep-toml", "c.toml: .*nested too deep", "c.toml", deep_toml()),
    config("deep-value", "c.json: ", "c.json", '{"format": ' + deep_json(500) + "}"),
    config("long-number", "c.json: ", "c.json", f'{{"limit": {DIGITS}}}'),
    config("long-number-toml", "c.toml: ", "c.toml", f"limit = {DIGITS}\n"),
    config("5000-digits", "c.json: not readable", "c.json", '{"limit": 1' + "0" * 5000 + "}"),
    config("null", "c.json: .*format", "c.json", '{"format": null}'),
    config("wrong-type", "c.json: limit must be int", "c.json", '{"limit": "3"}'),
    config("true-for-int", "c.json: limit must be int", "c.json", '{"limit": true}'),
    config("float-for-int", "c.json: limit must be int", "c.json", '{"limit": 1.0}'),
    config("twice-in-toml", "c.toml: not readable", "c.toml", "limit = 1\nlimit = 2\n"),
    config("nul-in-path", "c.json: vectors .*NUL", "c.json", '{"vectors": "a\\u0000b"}'),
    config("surrogate-in-path", "c.json: vectors .*surrogate", "c.json", '{"vectors": "a\\ud800b"}'),
    config("surrogate-in-key", "c.json: unknown setting", "c.json", '{"a\\ud800b": 1}'),
    config("long-name", "c.json: vectors is too long for a file .300 bytes", "c.json", f'{{"vectors": "{"x" * 300}"}}'),
    config("empty-path", "c.json: vectors is empty; give a path", "c.json", '{"vectors": ""}'),
    config("choice", "format must be one of", "c.toml", 'format = "excel"\n'),
    config("choice-list", "format must be one of", "c.toml", "format = [1]\n"),
]  # fmt: skip

NUMBERS = [
    Case(
        name=f"{command.replace(' ', '-')}{flag}={value}",
        command=f"{command} {flag}={value}",
        line=f"{flag} must be a finite number, got {line}",
    )
    for command, flag, value, line in [
        ("pretrain", "--learning-rate", "nan", "nan"),
        ("pretrain", "--learning-rate", "1e400", "inf"),
        ("distill", "--own-weight", "inf", "inf"),
        ("distill", "--learning-rate", "-inf", "-inf"),
        ("align", "--ridge", "nan", "nan"),
        ("align", "--threshold", "inf", "inf"),
        ("eval qa", "--learning-rate", "nan", "nan"),
        ("eval tagging", "--learning-rate", "inf", "inf"),
    ]
]

CASES = [
    *(case for command in COMMANDS for case in of_every_command(command)), *CONFIG_FILES, *NUMBERS,
    Case(name="no-such-command", command="distil", line="unknown command 'distil'; did you mean"),
    Case(name="no-such-eval", command="eval blix", line="unknown command 'eval blix'; did you"),
    Case(name="eval-alone", command="eval", line=None),  # the list of its commands
    Case(name="flag-of-another-program", command="align --n_refinement 5",
         line="is --preset bootstrap --rounds N here"),
    Case(name="compare-with-itself", command="compare a a", line="named twice"),
    Case(name="compare-with-nothing", command="compare a b", line="no such folder"),
    Case(name="errors-of-two", command="eval bli --source a --target b --lexicon c d --errors x",
         line="--errors writes one table"),
    Case(name="letters-below-none", line="--min-letters must be at least 0",
         command="prepare --language sw --input a --output b --min-letters -1"),
    Case(name="unknown-flag-alone", command="--colour", line="unrecognized arguments"),
    Case(name="not-a-number", command="export en.vec --limit three", line="--limit: invalid int"),
    Case(name="empty-output", command="export en.vec --format glove --output ''", files={"en.vec": EN},
         line="argument --output: a path is empty"),
    Case(name="long-name-flag", command=f"export {'x' * 300} --format glove --output o.txt",
         line="VECTORS is too long for a file .300 bytes"),
    Case(name="long-path-flag", command=f"export {'x/' * 2500} --format glove --output o.txt",
         line="VECTORS is too long for a file"),
    Case(name="huge-number", command=f"export en.vec --limit {DIGITS} --format glove --output o.txt",
         files={"en.vec": EN}, line="--limit must be at most 9,223"),
]  # fmt: skip
