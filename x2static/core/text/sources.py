"""Which files belong to which language: paths, patterns, or ``language=path``."""

from __future__ import annotations

import glob
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from x2static.core.errors import ConfigError
from x2static.core.languages.language_name import check_language_name

_SUFFIXES = {
    ".gz", ".xz", ".zst", ".txt", ".vec", ".bin", ".text", ".model", ".kv", ".safetensors", ".tok",
}  # fmt: skip
_CODE = re.compile(r"[a-z]{2,3}(_[A-Za-z]{2,4})?")
_EXPLICIT = re.compile(r"([A-Za-z][A-Za-z_-]{0,15})=(.+)")


def find_sources(entries: Sequence[str], setting: str) -> dict[str, list[Path]]:
    """The files of each language, languages in sorted order, files as given.

    Args:
        entries: paths (files or folders), patterns such as ``wiki/*.txt``, or ``de=path``.
        setting: the flag they came from, for messages.

    Raises:
        ConfigError: a path or pattern matches nothing.
    """
    found: dict[str, list[Path]] = {}
    for entry in entries:
        explicit = _EXPLICIT.fullmatch(entry)
        if explicit and not Path(entry).exists():
            language, pattern = explicit[1], explicit[2]
        else:
            language, pattern = "", entry
        for path in _matching(pattern, setting):
            name = language or language_of(path)
            check_language_name(name, f"{setting} {entry}")
            paths = found.setdefault(name, [])
            if path not in paths:
                paths.append(path)
    return dict(sorted(found.items()))


def language_of(path: Path) -> str:
    """The language a file name speaks of: its last part that looks like a code, else its stem."""
    name, codes = _codes_in(path)
    return codes[-1] if codes else name


def doubts_about(found: Mapping[str, Sequence[Path]], setting: str) -> list[str]:
    """A line for each language whose files may be of several: ``de.raw.txt`` and ``en.raw.txt``."""
    lines = []
    for language, paths in found.items():
        passed_over = {path: _passed_over(path) for path in paths if language_of(path) == language}
        files = [path for path, codes in passed_over.items() if codes]
        if len({passed_over[path] for path in files}) > 1:
            shown = ", ".join(path.name for path in files[:4]) + (" ..." if files[4:] else "")
            lines.append(
                f"warning: {setting}: {shown} all count as language {language}; if they are not "
                f"one language, name it, as in {setting} xx={files[0].name}"
            )
    return lines


def _passed_over(path: Path) -> tuple[str, ...]:
    """Other parts of a name that look as much like a language as the one that was taken."""
    _, codes = _codes_in(path)
    if not codes or codes[-1] in codes[:-1]:  # de-en.en is no riddle
        return ()
    longest = len(codes[-1].partition("_")[0])
    return tuple(code for code in codes[:-1] if len(code.partition("_")[0]) <= longest)


def _codes_in(path: Path) -> tuple[str, list[str]]:
    """A file's name without its endings, and the parts of it that look like a language."""
    name = path.name
    while Path(name).suffix in _SUFFIXES:
        name = Path(name).stem
    return name, [part for part in re.split(r"[.\-]", name) if _CODE.fullmatch(part)]


def _matching(pattern: str, setting: str) -> list[Path]:
    path = Path(pattern).expanduser()
    if path.exists():
        return [path]
    if not glob.has_magic(pattern):
        raise ConfigError(f"{setting} {pattern}: no such file or folder")
    matches = sorted(glob.glob(str(path)))  # noqa: PTH207 - the pattern may be absolute
    if not matches:
        raise ConfigError(f"{setting} {pattern}: no file matches")
    return [Path(match) for match in matches]
