"""The tables of stage settings: checked against the stages' own config classes."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from x2static.commands import COMMANDS, evaluations, load
from x2static.core.config import build, closest, coerce, shown
from x2static.core.errors import ConfigError
from x2static.core.setting import Field, fields_of
from x2static.run.workbench.problems import Problems

_SET_BY_THE_RUN = {
    "prepare": {"language", "input", "output", "overwrite"},
    "extend": {"model", "language", "text", "output", "resume", "overwrite"},
    "distill": {"corpus", "output", "teacher", "resume", "overwrite"},
    "align": {"hub", "spokes", "output", "output_format", "lexicons", "resume", "overwrite"},
    "export": {"vectors", "output", "format", "overwrite"},
    "pretrain": {"output", "vectors", "resume", "overwrite", "groups", "controls"},
    "represent": {"model", "text", "output", "resume", "overwrite"},
    "cluster": {"representations", "output", "overwrite"},
    "distance": {"languages", "output", "representations", "overwrite"},
    "analyse": {"distances", "output", "overwrite"},
}
_OVER_LANGUAGES = ("represent", "cluster", "distance", "analyse")
_INSTEAD = {
    "corpus": "give it under [languages]",
    "input": "give it under [languages]",
    "teacher": "it stands at the top of the file",
    "hub": "it stands at the top of the file",
    "lexicons": "it stands at the top of the file",
    "lexicon": "give it under [evaluate]",
    "dataset": "give it under [evaluate]",
    "source": "give it under [evaluate]",
}


def commands() -> dict[str, str]:
    """The command behind each table of settings."""
    measured = {one.table: one.command for one in evaluations().values() if one.pipeline}
    return {
        "prepare": "prepare",
        "extend": "extend",
        "distill": "distill",
        "align": "align hub",
        **measured,
        "export": "export",
        "pretrain": "pretrain",
        **{name: f"languages {name}" for name in _OVER_LANGUAGES},
    }


def set_by_the_run(table: str) -> Collection[str]:
    """The settings that a table may not hold."""
    for one in evaluations().values():
        if one.pipeline and one.table == table:
            return one.pipeline.fixed
    return _SET_BY_THE_RUN[table]


def config_class(table: str) -> type[Any]:
    """The config class behind a table of settings."""
    found: type[Any] = load(COMMANDS[commands()[table]].config)
    return found


def known_settings(table: str) -> dict[str, Field]:
    """What may stand in a table."""
    fields = {field.name: field for field in fields_of(config_class(table))}
    fixed = set_by_the_run(table)
    return {name: f for name, f in fields.items() if name not in fixed}


def typed_table(table: str, given: Any, place: str, problems: Problems) -> dict[str, Any]:
    """The settings of a table in their own types; what is unknown or of the wrong type is noted."""
    if not isinstance(given, dict):
        problems.add(place, f"expected a table of settings, found {shown(given)}")
        return {}
    known, fixed, typed = known_settings(table), set_by_the_run(table), {}
    for key, value in given.items():
        name = key.replace("-", "_")
        if name in fixed:
            problems.add(place, f"'{key}' is set by the run; {_INSTEAD.get(name, 'leave it out')}")
        elif name not in known:
            problems.add(place, f"unknown setting '{key}'{_nearest(name, known)}")
        else:
            try:
                typed[name] = coerce(value, known[name], "")
            except ConfigError as error:
                problems.add(place, str(error).removeprefix(": "))
    return typed


def checked_config(table: str, typed: Mapping[str, Any]) -> Any:
    """The stage's config from typed settings; raises as the stage itself would."""
    return build(config_class(table), typed, None, commands()[table])


def arguments(table: str, typed: Mapping[str, Any]) -> list[str]:
    """Typed settings as the words of a command line."""
    words, trailing = [], []
    for field in fields_of(config_class(table)):
        value = typed.get(field.name)
        if value is None or value == ():
            continue
        if field.is_positional:
            words.append(str(value))
        elif isinstance(value, bool):
            trailing.append(field.flag if value else field.flag.replace("--", "--no-", 1))
        elif isinstance(value, tuple):
            trailing += [field.flag, *map(str, value)]
        else:
            trailing.append(f"{field.flag}={value}")
    return [*words, *trailing]


def with_keys(text: str, table: str, prefix: str = "") -> str:
    """A stage's message with keys of the workbench file in place of its flags.

    Args:
        text: such as ``pass --udpipe-model FILE``.
        table: whose settings the flags are; a flag that is none of them stays.
        prefix: before each key, such as ``prepare.``.
    """
    keys = {field.flag: name for name, field in known_settings(table).items()}
    return re.sub(
        r"--[a-z][a-z0-9-]*",
        lambda found: f"{prefix}{keys[found[0]]}" if found[0] in keys else found[0],
        text,
    )


def _nearest(name: str, known: Mapping[str, Field]) -> str:
    found = closest(name, known)
    return found if "did you mean" in found else ""
