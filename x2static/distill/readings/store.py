"""One reading of the corpus by the teacher, kept on disk for every later epoch and trial.

Raw files of fixed-size rows, written pool by pool in corpus order and memory-mapped for reading:
the sum of states of each learnable word's own pieces (float16; sums of single words are far from
its limits, and are clipped there), and of each sentence's pieces and control tokens (float32).
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from x2static.core.errors import OutputError
from x2static.core.storage.files import describe_os_error, staged
from x2static.distill.readings.plan import Pool
from x2static.distill.readings.readings import Readings

if TYPE_CHECKING:
    import torch

_HALF_LIMIT = 65504.0
_HEADROOM = 1.1


def store_bytes(learnable: int, sentences: int, width: int, *, layers: int) -> int:
    """Disk space a store takes, with the own states of some layers."""
    return 2 * learnable * width * layers + 8 * sentences * width + 8 * (sentences + 1)


def has_room(folder: Path, needed: int) -> bool:
    """Whether the disk of ``folder`` has the space, with some to spare."""
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    return shutil.disk_usage(existing).free > _HEADROOM * needed + (1 << 30)


class ReadingStore:
    """Readings of a whole corpus in one folder."""

    def __init__(self, folder: Path, width: int, num_special: int, *, layers: int) -> None:
        """Open or begin a store of ``layers`` layers of own states; ``done``: pools it holds."""
        self._folder, self._width = folder, width
        self._num_special = num_special
        self._own_files = [f"own{layer}.f16" for layer in range(layers)]
        self._maps: dict[str, NDArray[np.generic]] = {}
        folder.mkdir(parents=True, exist_ok=True)
        progress = folder / "progress.json"
        state = json.loads(progress.read_text(encoding="utf-8")) if progress.exists() else {}
        self.done: int = state.get("pools", 0)
        self._own_rows: int = state.get("own_rows", 0)
        self._sentences: int = state.get("sentences", 0)

    def append(self, pool: Pool, readings: Readings) -> None:
        """Add the next pool; it counts once its rows and then the new numbers are on disk."""
        parts: list[tuple[str, int, NDArray[np.generic]]] = [
            ("total.f32", self._sentences, readings.total.cpu().numpy()),
            ("special.f32", self._sentences, readings.special.cpu().numpy()),
            ("learnable.i64", self._sentences, pool.learnable.reshape(-1, 1)),
        ]
        for name, states in zip(self._own_files, readings.own, strict=True):
            own = states.clamp(-_HALF_LIMIT, _HALF_LIMIT).half().cpu().numpy()
            parts.append((name, self._own_rows, own))
        try:
            for name, first_row, rows in parts:
                with self._at(name, first_row * rows.shape[1] * rows.itemsize) as stream:
                    stream.write(rows.tobytes())
        except OSError as error:
            raise OutputError(
                f"{describe_os_error(self._folder, error)}; free some space and continue with "
                "--resume, or start again with --cache off"
            ) from error
        self.done += 1
        self._own_rows += len(pool.words)
        self._sentences += len(pool.sentences)
        numbers = {"pools": self.done, "own_rows": self._own_rows, "sentences": self._sentences}
        with staged(self._folder / "progress.json", own=True) as temporary:
            temporary.write_text(json.dumps(numbers), encoding="utf-8")

    def read(self, pool: Pool, device: torch.device) -> Readings:
        """The readings of any pool of the corpus."""
        import torch

        total = self._map("total.f32", np.float32)[pool.sentences]
        special = self._map("special.f32", np.float32)[pool.sentences]
        own = []
        if self._own_files:
            rows = self._first_rows()[pool.sentences][pool.sentence_of] + pool.ranks
            halves = (self._map(name, np.float16)[rows] for name in self._own_files)
            own = [torch.from_numpy(states).to(device).float() for states in halves]
        return Readings(
            own,
            torch.from_numpy(total).to(device),
            torch.from_numpy(special).to(device),
            self._num_special,
        )

    def _at(self, name: str, position: int) -> BinaryIO:
        """A file opened for writing at a position; what a killed run left behind it is dropped."""
        path = self._folder / name
        stream = path.open("r+b" if path.exists() else "w+b")
        stream.truncate(position)
        stream.seek(position)
        return stream

    def _map(self, name: str, kind: type[np.generic]) -> NDArray[np.generic]:
        if name not in self._maps:
            flat = np.memmap(self._folder / name, dtype=kind, mode="r")
            self._maps[name] = flat.reshape(-1, self._width)
        return self._maps[name]

    def _first_rows(self) -> NDArray[np.int64]:
        """Row in ``own0.f16`` of each sentence's first learnable word."""
        if "first" not in self._maps:
            count = np.fromfile(self._folder / "learnable.i64", dtype=np.int64)
            self._maps["first"] = np.cumsum(count) - count
        first: NDArray[np.int64] = self._maps["first"].astype(np.int64, copy=False)
        return first
