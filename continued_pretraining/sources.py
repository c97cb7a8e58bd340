"""Which files belong to which language: paths, patterns, or ``language=path``."""

from __future__ import annotations

import glob
import re
from collections.abc import Sequence
from pathlib import Path

from x2static.core.errors import ConfigError

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
            paths = found.setdefault(language or language_of(path), [])
            if path not in paths:
                paths.append(path)
    return dict(sorted(found.items()))


def language_of(path: Path) -> str:
    """The language a file name speaks of: its last part that looks like a code, else its stem."""
    name = path.name
    while Path(name).suffix in _SUFFIXES:
        name = Path(name).stem
    codes = [part for part in re.split(r"[.\-]", name) if _CODE.fullmatch(part)]
    return codes[-1] if codes else name


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
