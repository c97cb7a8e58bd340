"""What an earlier or unfinished attempt may have left of a task's outputs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from x2static.core.files import remove_tree

_SUFFIXES = ("", ".unfinished", ".run.json", ".map.safetensors")


def clear_leftovers(folder: Path, paths: Iterable[str]) -> None:
    """Remove outputs (and logs) with all that lies beside them under their names."""
    for path in paths:
        place = folder / path
        for suffix in _SUFFIXES:
            remove_tree(place.with_name(f"{place.name}{suffix}"))
