"""Which vectors lie in a folder: spaces (before and after the alignment), languages in each."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

from x2static.core.errors import ConfigError, WorkbenchError
from x2static.core.formats.native import VECTORS_NAME
from x2static.core.messages import say
from x2static.core.storage.files import describe_os_error
from x2static.explore.language import LanguageVectors

_SUFFIXES = (".vec", ".vec.gz", ".bin", ".bin.gz")
# Folders of a run, and what their vectors are called.
_RUN = {"vectors": "before", "aligned": "after"}


@dataclass
class Space:
    """Languages whose vectors can be compared.

    Attributes:
        name: ``before``, ``after``, or ``vectors`` where there is but one space.
        places: folder or file of each language.
    """

    name: str
    places: dict[str, Path]
    _open: dict[str, LanguageVectors | WorkbenchError] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def language(self, name: str) -> LanguageVectors:
        """The language of that name, opened on first use.

        Raises:
            WorkbenchError: its vectors cannot be read; the same each time.
        """
        with self._lock:
            if name not in self._open:
                try:
                    self._open[name] = LanguageVectors(name, self.places[name])
                except WorkbenchError as error:
                    self._open[name] = error
                except OSError as error:
                    self._open[name] = WorkbenchError(describe_os_error(self.places[name], error))
        found = self._open[name]
        if isinstance(found, WorkbenchError):
            raise found
        return found

    def opened(self, name: str) -> LanguageVectors | WorkbenchError | None:
        """The language if it was opened before, what went wrong, or None."""
        return self._open.get(name)

    @property
    def num_bytes(self) -> int:
        """What the vectors take on disk."""
        return sum(_size(place) for place in self.places.values())


def find_spaces(folder: Path) -> list[Space]:
    """The spaces of a run folder, or the one space of a folder of vectors.

    Raises:
        ConfigError: no vectors are there.
    """
    if not folder.is_dir():
        raise ConfigError(f"{folder}: no such folder")
    found = [Space(name, _places(folder / part, folder)) for part, name in _RUN.items()]
    spaces = [space for space in found if space.places]
    if not spaces:
        spaces = [Space("vectors", _places(folder, folder))]
    if not spaces[0].places:
        raise ConfigError(
            f"{folder}: no vectors: neither vectors/ nor aligned/ of a run, nor folders of the "
            f"native format, nor files named {', '.join(_SUFFIXES)}"
        )
    return spaces


def _places(folder: Path, root: Path) -> dict[str, Path]:
    if not folder.is_dir():
        return {}
    if (folder / VECTORS_NAME).is_file():
        return {folder.resolve().name: folder}
    found: dict[str, Path] = {}
    for place in sorted(folder.iterdir()):
        name = _language_name(place)
        if name is None:
            continue
        if not place.resolve().is_relative_to(root.resolve()):
            say(f"{place}: left out: the link leads out of {root}")
        elif name in found:
            say(f"{place}: left out: {found[name].name} is '{name}', too")
        else:
            found[name] = place
    return found


def _language_name(place: Path) -> str | None:
    """``de`` for the folder ``de`` and the file ``de.vec.gz``; None for what holds no vectors."""
    if place.name.startswith("."):
        return None
    if place.is_dir():
        return place.name if (place / VECTORS_NAME).is_file() else None
    for suffix in _SUFFIXES:
        if place.name.endswith(suffix) and place.is_file():
            return place.name.removesuffix(suffix) or None
    return None


def _size(place: Path) -> int:
    try:
        return (place / VECTORS_NAME if place.is_dir() else place).stat().st_size
    except OSError:  # opening it will say so
        return 0
