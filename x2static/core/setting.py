"""How a config class declares its settings, and which of them decide a result.

A field is declared once: ``name: Annotated[type, "help"] = default``. In the place of the help text
may stand ``positional("help")``, a positional argument; ``free("help")``, a setting that decides
nothing of the result; or ``place("help")``, the name of a file.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

RESUME = "continue where an earlier run of the same command stopped"
"""What ``--resume`` says, and means, in every command that has it; see `core.storage.resumable`."""


@dataclass(frozen=True)
class positional:  # noqa: N801 - reads as a word in annotations
    """Marks a field as a positional argument."""

    help: str


@dataclass(frozen=True)
class free:  # noqa: N801
    """Marks a field that decides nothing of the result: how a run is started, watched, sped up."""

    help: str


@dataclass(frozen=True)
class place:  # noqa: N801
    """Marks a field that says where a file lies: what is in it decides, not its name."""

    help: str


@dataclass(frozen=True, kw_only=True)
class Help:
    """What a config class says, as its ``HELP``, of the page that ``--help`` prints.

    Settings named nowhere find their group by what they are; see `x2static.help_page`.

    Attributes:
        example: a whole command line that works.
        inputs: names, parted by spaces, of further settings to show under input.
        outputs: further ones under output.
        speed: further ones under speed.
        rare: those that only ``--help-all`` shows.
        common: of a command with very many settings, those that ``--help`` shows; all others are
            rare then.
    """

    example: str
    inputs: str = ""
    outputs: str = ""
    speed: str = ""
    rare: str = ""
    common: str = ""


@dataclass(frozen=True)
class Field:
    """One setting, as flags and config files see it."""

    name: str
    type: Any
    help: str
    mark: type[positional | free | place] | None
    default: Any

    @property
    def is_positional(self) -> bool:
        """True for an argument without a flag."""
        return self.mark is positional

    @property
    def flag(self) -> str:
        """``--like-this``; the name of a reserved word ends with ``_``."""
        return "--" + self.name.rstrip("_").replace("_", "-")

    @property
    def place(self) -> str:
        """What stands for it on the command line."""
        return self.name.upper() if self.is_positional else self.flag

    @property
    def is_required(self) -> bool:
        """True where there is no default."""
        return self.default is dataclasses.MISSING


def fields_of(config_class: type[Any]) -> list[Field]:
    """The settings of a config dataclass, in order of declaration."""
    hints = get_type_hints(config_class, include_extras=True)
    fields = []
    for field in dataclasses.fields(config_class):
        hint: Any = hints[field.name]
        note: Any = ""
        if get_origin(hint) is Annotated:
            hint, note = get_args(hint)
        default = field.default
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        mark = type(note) if isinstance(note, (positional, free, place)) else None
        text = note if isinstance(note, str) else note.help
        fields.append(Field(field.name, hint, text, mark, default))
    return fields


def deciding(
    config_class: type[Any], settings: Mapping[str, Any], *, with_places: bool = False
) -> dict[str, Any]:
    """Those of a command's settings that decide its result; run records keep digests of its files.

    Args:
        config_class: the dataclass of the command.
        settings: by field name, from a config or a run record.
        with_places: also where files lie.
    """
    left_out = (free,) if with_places else (free, place)
    idle = {field.name for field in fields_of(config_class) if field.mark in left_out}
    return {name: value for name, value in settings.items() if name not in idle}
