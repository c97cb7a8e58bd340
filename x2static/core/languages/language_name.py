"""What may stand for a language: a name, never a path, since files are called after it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import Path

from x2static.core.errors import ConfigError

_LONGEST = 64  # so that files called after it have room for more


def check_language_name(name: str, place: str) -> None:
    """Refuse what could lead out of a folder, hide in it, or not be a file's name at all.

    Raises:
        ConfigError: names the place, the value and the reason.
    """
    if fault := language_name_fault(name):
        where, shown = (repr(text[:_LONGEST])[1:-1] for text in (place, name))
        raise ConfigError(
            f"{where}: '{shown}' is no name for a language ({fault}); give a code such as de"
        )


def language_name_fault(name: str) -> str | None:
    """Why a text cannot be the name of a language, or None."""
    if not name.strip():
        return "it is empty"
    if "/" in name or "\\" in name:
        return "it is a path"
    if name[0] in ".-":
        return f"it begins with '{name[0]}'"
    if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in name):
        return "it holds what cannot be printed"
    if len(name) > _LONGEST:
        return f"it is longer than {_LONGEST} characters"
    return None


def named_file(text: str, flag: str, example: str) -> tuple[str, Path]:
    """``de=de.vec`` as its two parts.

    Raises:
        ConfigError: not of the form NAME=FILE.
    """
    name, separator, path = text.partition("=")
    if not (separator and name and path):
        raise ConfigError(f"{flag}: '{text}' is not NAME=FILE, such as {example}")
    return name, Path(path)


def named_files(texts: Iterable[str], flag: str, example: str) -> dict[str, Path]:
    """The files of a setting by their names.

    Raises:
        ConfigError: one is not of the form NAME=FILE, or a name stands twice.
    """
    found: dict[str, Path] = {}
    for text in texts:
        name, path = named_file(text, flag, example)
        if name in found:
            raise ConfigError(f"{flag}: '{name}' is named twice")
        found[name] = path
    return found
