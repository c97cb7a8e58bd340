"""Read TOML so that a name given twice is one problem among others, not the end of reading."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from x2static.core.errors import ConfigError
from x2static.core.storage.files import describe_os_error
from x2static.core.storage.source_file import name_fault, read_settings_text
from x2static.run.workbench.problems import Problems

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_TWICE = re.compile(r"(Cannot overwrite|Cannot declare|Cannot mutate|Duplicate).*at line (\d+)")
_ASIDE = "\0twice"
_HEADER = re.compile(r"\s*\[\[?([^\]]+)\]")


def read_toml(path: Path, problems: Problems) -> dict[str, Any]:
    """The content of a file; of what is named twice, the first counts and the second is a problem.

    Raises:
        ConfigError: the file cannot be read, or is no TOML.
    """
    try:
        text = read_settings_text(path)
    except OSError as error:
        raise ConfigError(describe_os_error(path, error)) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8: {error}") from error
    lines = text.replace("\r\n", "\n").split("\n")
    while True:
        try:
            content = tomllib.loads("\n".join(lines))
        except RecursionError as error:
            raise ConfigError(f"{path}: not readable as TOML: nested too deep") from error
        except tomllib.TOMLDecodeError as error:
            number = _repeated(str(error), lines)
            if number is None:
                raise ConfigError(f"{path}: not readable as TOML: {error}") from error
            problems.add(f"line {number + 1}", f"{_name(lines[number])} is listed twice")
            lines[number] = _out_of_the_way(lines[number], number)
            continue
        _check_texts(path, content, "")
        return {name: value for name, value in content.items() if not name.startswith(_ASIDE[1:])}


def _check_texts(path: Path, value: Any, place: str) -> None:
    """Refuse what no file can be named; each text here may name one."""
    if isinstance(value, dict):
        for name, item in value.items():
            _check_texts(path, item, f"{place}.{name}".lstrip("."))
    elif isinstance(value, list):
        for item in value:
            _check_texts(path, item, place)
    elif isinstance(value, str) and (fault := name_fault(value)):
        raise ConfigError(f"{path}: {place} {fault}")


def _repeated(complaint: str, lines: list[str]) -> int | None:
    """The index of the line that names something a second time, if that is the complaint."""
    found = _TWICE.search(complaint)
    if found is None:
        return None
    number = min(int(found[2]), len(lines)) - 1
    while number > 0 and not lines[number].strip():  # the parser stands behind the line's end
        number -= 1
    return number if lines[number].strip() else None


def _name(line: str) -> str:
    header = _HEADER.match(line)
    return f"[{header[1]}]" if header else f"'{line.partition('=')[0].strip()}'"


def _out_of_the_way(line: str, number: int) -> str:
    """A header gets a name that nothing else has; a value disappears."""
    return f"[{_ASIDE[1:]}-{number}]" if _HEADER.match(line) else ""
