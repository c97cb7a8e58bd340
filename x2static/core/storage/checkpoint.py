"""Where an unfinished run keeps itself: safetensors and JSON, never a pickle.

A checkpoint is a folder that appears by one rename, so a run killed at any instant leaves whole
checkpoints only. The two newest are kept; one that does not match its checksum is passed over, and
gone after the next save.
"""

from __future__ import annotations

import errno
import json
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from x2static.core.storage.files import remove_tree, staged

if TYPE_CHECKING:
    import torch

_KEPT = 2
_BLOCK = 1 << 24


@dataclass(frozen=True)
class Checkpoint:
    """A point to go on from.

    Attributes:
        position: what is done, as JSON-ready numbers.
        tensors: the learner's state.
    """

    position: dict[str, Any]
    tensors: dict[str, torch.Tensor]


class CheckpointFolder:
    """The checkpoints of one run, numbered upwards."""

    def __init__(self, folder: Path) -> None:
        """Use ``folder``, which may not exist yet."""
        self._folder = folder
        self._damaged: list[Path] = []

    def save(self, position: Mapping[str, Any], tensors: Mapping[str, torch.Tensor]) -> None:
        """Add a checkpoint, then drop those passed over and all but the newest two."""
        existing = self._numbered()
        number = existing[-1][0] + 1 if existing else 1
        with staged(self._folder / f"{number:08d}", own=True) as temporary:
            temporary.mkdir()
            write_state(tensors, temporary / "state.safetensors")
            content = {**position, "checksum": checksum(temporary / "state.safetensors")}
            (temporary / "position.json").write_text(json.dumps(content), encoding="utf-8")
        for path in self._damaged:
            remove_tree(path)
        self._damaged.clear()
        for _, path in self._numbered()[:-_KEPT]:
            remove_tree(path)

    def load(self) -> tuple[Checkpoint | None, list[str]]:
        """The newest whole checkpoint, and a line about each damaged one passed over."""
        from safetensors.torch import load_file

        complaints: list[str] = []
        for _, path in reversed(self._numbered()):
            try:
                position = json.loads((path / "position.json").read_text(encoding="utf-8"))
                if position.pop("checksum") != checksum(path / "state.safetensors"):
                    raise ValueError("its checksum does not match")
                return Checkpoint(position, load_file(path / "state.safetensors")), complaints
            except (OSError, ValueError, KeyError) as error:
                complaints.append(f"{path}: damaged checkpoint passed over ({error})")
                self._damaged.append(path)
        return None, complaints

    def positions(self) -> list[dict[str, Any]]:
        """The positions of the checkpoints that can be read, oldest first."""
        found = []
        for _, path in self._numbered():
            with suppress(OSError, ValueError):
                found.append(json.loads((path / "position.json").read_text(encoding="utf-8")))
        return found

    def _numbered(self) -> list[tuple[int, Path]]:
        if not self._folder.is_dir():
            return []
        return sorted(
            (int(path.name), path) for path in self._folder.iterdir() if path.name.isdigit()
        )


def write_state(tensors: Mapping[str, torch.Tensor], path: Path) -> None:
    """Write tensors as safetensors; a full disk is an `OSError` like any other."""
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    try:
        save_file(dict(tensors), path)
    except SafetensorError as error:
        raise OSError(errno.EIO, str(error), str(path)) from error


def checksum(path: Path) -> int:
    """What tells a whole file from a damaged one."""
    value = 0
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            value = zlib.crc32(block, value)
    return value
