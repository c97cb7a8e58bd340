"""What ``--help`` prints: an example, then the settings in groups, required ones first.

A page that scrolls away teaches nothing: settings that a config class calls rare in its ``HELP``
are left to ``--help-all``.
"""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from x2static.core.config import as_default, element_type, metavar_of
from x2static.core.setting import Field, Help, fields_of, free

MOST_LINES = 60
"""Of a page of ``--help`` on a terminal 80 columns wide; a test holds every command to it."""

_INDENT = 4
_NAMES = 28  # columns of the names
_NARROW, _WIDE = 60, 100
_OUTPUTS = ("output", "overwrite", "save_map", "induce", "markdown", "keep_models")
_SPEED = ("device", "precision", "threads", "workers", "token_budget", "batch_pieces", "cache")


@dataclass(frozen=True)
class Row:
    """A setting on the page.

    Attributes:
        name: flag or place, with what stands for its value.
        text: what it does, and its default.
        is_required: whether the command misses it otherwise.
    """

    name: str
    text: str
    is_required: bool = False


def help_page(
    command: str,
    config_class: type[Any],
    *,
    json: str = "flag",
    everything: bool = False,
    width: int | None = None,
) -> str:
    """The page of one command.

    Args:
        command: its name, such as ``eval bli``.
        config_class: its settings.
        json: how ``--json`` works, see `x2static.commands.Command`.
        everything: with the rare settings.
        width: columns; None takes the terminal's.
    """
    width = min(max(width or shutil.get_terminal_size().columns, _NARROW), _WIDE)
    told: Help = getattr(config_class, "HELP", Help(example=""))
    fields = fields_of(config_class)
    groups = {
        "input": _rows(fields, "input", told),
        "output": [*_rows(fields, "output", told), _json_row(json)],
        "method": _rows(fields, "method", told),
        "speed, interruption": _rows(fields, "speed", told),
        "rarely needed": _rows(fields, "rare", told),
    }
    groups["input"].append(Row("--config FILE", "TOML or JSON file of settings, or a run record"))
    rare = groups["rarely needed"]
    if rare and not everything:
        groups.pop("rarely needed")
    lines = [f"usage: x2static {command} {_usage(fields)}", "", *_about(config_class, width)]
    if told.example:
        lines += ["", "example:", *_example(told.example, width)]
    for title, rows in groups.items():
        if rows:
            lines += ["", f"{title}:", *_listed(rows, width)]
    if any(field.is_required for field in fields):
        lines += ["", "* required"]
    if rare and not everything:
        left = f"{len(rare)} more settings, rarely needed: x2static {command} --help-all"
        lines[-1] = (
            f"{lines[-1]}; {left}" if lines[-1] == "* required" else lines[-1] + "\n\n" + left
        )
    return "\n".join(lines) + "\n"


def group_of(field: Field, told: Help) -> str:
    """Where a setting stands: as its class says, else by its name and kind."""
    if told.common and not field.is_required and field.name not in told.common.split():
        return "rare"
    for group, names in (
        ("input", told.inputs),
        ("output", told.outputs),
        ("speed", told.speed),
        ("rare", told.rare),
    ):
        if field.name in names.split():
            return group
    if field.name in _OUTPUTS or field.name.startswith("output_"):
        return "output"
    if field.is_positional or (field.is_required and field.mark is not free):
        return "input"
    return "speed" if field.mark is free or field.name in _SPEED else "method"


def _rows(fields: Iterable[Field], group: str, told: Help) -> list[Row]:
    found = [field for field in fields if group_of(field, told) == group]
    return [_row(field) for field in sorted(found, key=lambda field: not field.is_required)]


def _row(field: Field) -> Row:
    kind, is_many = element_type(field.type)
    text, dots = field.help, " ..." if is_many else ""
    name = f"{field.flag} {_value(field, kind)}{dots}"
    if field.is_positional:
        name = field.name.upper() + dots
    elif kind is bool:
        name = f"--[no-]{field.flag[2:]}"
    elif get_origin(kind) is Literal:
        choices = [str(choice) for choice in get_args(kind)]
        name = f"{field.flag} {{{','.join(choices)}}}{dots}"
        if len(name) > _NAMES - 2:
            name, text = f"{field.flag} NAME{dots}", f"{text}: {', '.join(choices)}"
    return Row(name, f"{text} {_default(field)}".rstrip(), field.is_required)


def _value(field: Field, kind: Any) -> str:
    """What stands for a value: the setting's name where it fits, or its kind."""
    if kind is Path and ("folder" in field.help.split(":")[0] or "folder" in field.name):
        return "FOLDER"
    value = metavar_of(field.name.rstrip("_"), kind)
    return value if len(field.flag) + len(value) < _NAMES - 6 else "TEXT"


def _default(field: Field) -> str:
    if field.is_required or "default" in field.help:
        return ""
    value = field.default
    if value in (None, (), "") and value is not False:
        return "[none]"
    return f"[{as_default(value)}]"


def _usage(fields: Iterable[Field]) -> str:
    required = [_row(field).name for field in fields if field.is_required]
    return " ".join([*required, "[settings]"])


def _about(config_class: type[Any], width: int) -> Iterator[str]:
    """The class's own description, its lines filled up to the width."""
    for place, paragraph in enumerate(textwrap.dedent(_doc(config_class)).split("\n\n")):
        if place:
            yield ""
        yield from textwrap.wrap(" ".join(paragraph.split()), width)


def _doc(config_class: type[Any]) -> str:
    first, _, rest = (config_class.__doc__ or "").partition("\n")
    return f"{first}\n{textwrap.dedent(rest)}".strip()


def _example(example: str, width: int) -> Iterator[str]:
    """The command in lines that a shell takes as one, broken before a flag."""
    line = " "
    for part in example.split(" --"):
        part = part if line == " " else f"--{part}"
        if len(line) + len(part) > width - 4:
            yield f"{line} \\"
            line = "     "
        line = f"{line} {part}"
    yield line


def _json_row(kind: str) -> Row:
    if kind == "file":
        return Row("--json FILE", "write the result as JSON; - prints it [none]")
    return Row("--json", "print the result as JSON [off]")


def _listed(rows: Iterable[Row], width: int) -> Iterator[str]:
    for row in rows:
        head = f"  {'*' if row.is_required else ' '} {row.name}"
        texts = textwrap.wrap(row.text, width - _NAMES - _INDENT, break_on_hyphens=False) or [""]
        if len(head) <= _NAMES + _INDENT - 2:
            yield f"{head:{_NAMES + _INDENT}}{texts.pop(0)}".rstrip()
        else:
            yield head
        yield from (" " * (_NAMES + _INDENT) + text for text in texts)
