"""What an earlier or unfinished attempt may have left of a task's outputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from x2static.core.storage.files import remove_tree

_SUFFIXES = ("", ".unfinished", ".run.json", ".map.safetensors")


def leftovers_of(folder: Path, paths: Iterable[str]) -> Iterator[Path]:
    """The places of outputs (and logs) with all that may lie beside them under their names."""
    for path in paths:
        place = folder / path
        for suffix in _SUFFIXES:
            yield place.with_name(f"{place.name}{suffix}")


def clear_leftovers(folder: Path, paths: Iterable[str]) -> None:
    """Remove all of that."""
    for place in leftovers_of(folder, paths):
        remove_tree(place)
