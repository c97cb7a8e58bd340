"""One frozen dataclass per command: it becomes the flags, reads the config file, checks itself.

`x2static.core.setting` says how a field is declared. Values come from, in falling order of
strength: flags, ``--config`` file, the class's ``PRESETS[preset]``, defaults.
"""

from __future__ import annotations

import argparse
import dataclasses
import difflib
import glob
import json
import math
import reprlib
import sys
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from x2static.core.errors import ConfigError
from x2static.core.setting import Field, fields_of
from x2static.core.storage.files import describe_os_error
from x2static.core.storage.source_file import name_fault, read_settings_text

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Config = TypeVar("Config")

_LARGEST = 2**63 - 1  # beyond it numpy and torch cannot count
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 80


def add_flags(parser: argparse.ArgumentParser, config_class: type[Any]) -> None:
    """Give a parser one argument per setting; absent flags leave no trace in the namespace."""
    for field in fields_of(config_class):
        kind, is_many = element_type(field.type)
        options: dict[str, Any] = {"help": _help(field), "default": argparse.SUPPRESS}
        if not field.is_positional:
            options["dest"] = field.name
        if kind is bool:
            parser.add_argument(field.flag, action=argparse.BooleanOptionalAction, **options)
            continue
        if get_origin(kind) is Literal:
            options["choices"] = get_args(kind)
            options["type"] = type(get_args(kind)[0])
        else:
            options["type"] = _path if kind is Path else kind
            options["metavar"] = metavar_of(field.name.rstrip("_"), kind)
        if field.is_positional:
            # Optional to the parser: a config file may hold it, and `build` misses it otherwise.
            # None, as argparse would convert SUPPRESS like a typed value here.
            options |= {"nargs": "*" if is_many else "?", "default": None}
            options["metavar"] = field.name.upper()
            parser.add_argument(field.name, **options)
        else:
            options["nargs"] = "+" if is_many else None
            parser.add_argument(field.flag, **options)


def typed_flags(namespace: argparse.Namespace) -> dict[str, Any]:
    """What the user typed, by field name: absent positionals left out, lists as tuples."""
    typed = {name: tuple(v) if isinstance(v, list) else v for name, v in vars(namespace).items()}
    return {name: value for name, value in typed.items() if value not in (None, ())}


def build(
    config_class: type[Config], flags: Mapping[str, Any], config_file: Path | None, command: str
) -> Config:
    """Resolve flags, file, preset and defaults into a checked config.

    Args:
        config_class: the dataclass of the command.
        flags: what the user typed, by field name.
        config_file: TOML or JSON file of settings, or a run record, or None.
        command: the command's name; a table of that name in the file holds its settings.
    """
    known = {field.name: field for field in fields_of(config_class)}
    given: dict[str, Any] = {}
    if config_file is not None:
        for name, value in read_settings(config_file, command).items():
            name = name.replace("-", "_")
            if name not in known:
                raise ConfigError(f"{config_file}: unknown setting '{name}'{closest(name, known)}")
            given[name] = coerce(value, known[name], str(config_file))
    given.update(flags)
    given = _with_preset(config_class, given)
    for name, value in flags.items():
        _check_value(value, known[name].place)
    missing = [field for field in known.values() if field.is_required and field.name not in given]
    if missing:
        names = ", ".join(field.place for field in missing)
        raise ConfigError(f"{command}: missing {names}; see x2static {command} --help")
    return config_class(**given)


def configured(config_class: type[Config], **settings: Any) -> Config:
    """A checked config as the program makes it: what is not said comes from the preset.

    The class itself knows nothing of presets: its ``preset`` is a mere name in the run record.
    """
    return config_class(**_with_preset(config_class, settings))


def _with_preset(config_class: type[Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of the preset, and over them what was given."""
    presets: Mapping[str, Mapping[str, Any]] = getattr(config_class, "PRESETS", {})
    if not presets:
        return dict(given)
    preset = given.get("preset", getattr(config_class, "preset", None))
    if preset not in presets:
        raise ConfigError(f"unknown preset '{preset}'; known: {', '.join(presets)}")
    return {**presets[preset], **given}


def read_settings(path: Path, command: str) -> dict[str, Any]:
    """The settings table for ``command`` in a TOML or JSON file or in a run record."""
    try:
        text = read_settings_text(path)
        content = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise ConfigError(describe_os_error(path, error)) from error
    except RecursionError as error:
        raise ConfigError(f"{path}: not readable as settings: nested too deep") from error
    except ValueError as error:
        raise ConfigError(f"{path}: not readable as settings: {error}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: expected a table of settings, found {type(content).__name__}")
    for key in ("settings", command, command.replace(" ", "_")):
        if isinstance(content.get(key), dict):
            return dict(content[key])
    return content


def named_paths(config: Any) -> list[Path]:
    """Every path that a config names, outputs among them, patterns filled in.

    A text counts where it is the path of something, or ``CODE=PATTERN`` is.
    """
    found: list[Path] = []
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, Path):
                found.append(one)
            elif isinstance(one, str):
                patterns = (one, one.partition("=")[2])
                found += [Path(name) for text in patterns if text for name in glob.glob(text)]  # noqa: PTH207
    return found


def coerce(value: Any, field: Field, place: str) -> Any:
    """A value from a config file as the field's type, or a line that says what was expected."""
    if value is None and _is_optional(field.type):
        return None
    kind, is_many = element_type(field.type)
    if is_many:
        value = _listed(value, field.type)
        if not isinstance(value, list):
            raise ConfigError(f"{place}: {field.name} must be a list, got {shown(value)}")
        return tuple(_coerce_one(item, kind, field.name, place) for item in value)
    return _coerce_one(value, kind, field.name, place)


def _listed(value: Any, hint: Any) -> Any:
    """A lone text, or a table of texts by name, as a list where the setting takes these as well."""
    options = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else ()
    if isinstance(value, str) and str in options:
        return [value]
    if isinstance(value, dict) and any(get_origin(option) is Mapping for option in options):
        return [f"{name}={one}" for name, one in value.items()]
    return value


def closest(name: str, known: Mapping[str, Any] | Sequence[str]) -> str:
    """``; did you mean 'x'?`` for the nearest known name, or nothing."""
    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean '{matches[0]}'?" if matches else f"; known: {', '.join(known)}"


def shown(value: Any) -> str:
    """A value as an error line shows it: nothing long, nothing deep."""
    return _SHORT.repr(value)


def require_at_least(place: str, value: float, least: float) -> None:
    """Check a lower bound of a setting."""
    if not value >= least:  # so that NaN fails, too
        raise ConfigError(f"{place} must be at least {least}, got {value}")


def require_at_most(place: str, value: float, most: float) -> None:
    """Check an upper bound of a setting."""
    if not value <= most:
        raise ConfigError(f"{place} must be at most {most:,}, got {value:g}")


def _coerce_one(value: Any, kind: Any, name: str, place: str) -> Any:
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            choices = ", ".join(map(str, get_args(kind)))
            raise ConfigError(f"{place}: {name} must be one of {choices}, got {shown(value)}")
        return value
    expected = str if kind is Path else kind
    if type(value) is not expected and not (kind is float and type(value) is int):
        raise ConfigError(f"{place}: {name} must be {expected.__name__}, got {shown(value)}")
    _check_value(value, f"{place}: {name}")
    if isinstance(value, str) and kind is Path:
        if not value:
            raise ConfigError(f"{place}: {name} is empty; give a path")
        return Path(value).expanduser()
    return float(value) if kind is float else value


def _check_value(value: Any, place: str) -> None:
    """Refuse what no setting can be: a number without end or beyond 64 bits, an impossible name."""
    if isinstance(value, tuple):
        for item in value:
            _check_value(item, place)
    elif isinstance(value, (str, Path)):
        if fault := name_fault(str(value)):
            raise ConfigError(f"{place} {fault}")
    elif isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"{place} must be a finite number, got {value}")
    elif isinstance(value, int) and abs(value) > _LARGEST:
        raise ConfigError(f"{place} must be at most {_LARGEST:,}, got {shown(value)}")


def _is_optional(hint: Any) -> bool:
    return get_origin(hint) in (Union, types.UnionType) and type(None) in get_args(hint)


def element_type(hint: Any) -> tuple[Any, bool]:
    """The scalar type of a hint and whether it holds many: ``tuple[Path, ...]`` is (Path, True)."""
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(option for option in get_args(hint) if option is not type(None))
    if get_origin(hint) in (tuple, list):
        return get_args(hint)[0], True
    return hint, False


def _path(text: str) -> Path:
    """The path that a flag names; pathlib would take an empty one for the current folder."""
    if not text:
        raise argparse.ArgumentTypeError("a path is empty")
    return Path(text)


def metavar_of(name: str, kind: Any) -> str:
    """What stands for a setting's value in help."""
    return {int: "N", float: "X", Path: "FILE"}.get(kind, name.upper())


def _help(field: Field) -> str:
    text = field.help.replace("%", "%%")
    if field.is_required or field.default in (None, (), False, ""):
        return text
    return f"{text} (default: {as_default(field.default)})"


def as_default(value: Any) -> str:
    """A default as it would be typed."""
    if isinstance(value, (tuple, list)):
        return " ".join(map(str, value))
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)
