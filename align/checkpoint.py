"""Checkpoints of self-learning: one file beside the output, gone when all is done."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from align.vecmap.self_learning import Arrays
from x2static.core.errors import OutputError
from x2static.core.storage.files import staged


class CheckpointFile:
    """Saves the state every so often; a state made by other inputs or settings is not loaded."""

    def __init__(self, path: Path, key: str, *, resume: bool, seconds: float = 20.0) -> None:
        """Name the file.

        Args:
            path: where it lies.
            key: digest of all that decides the result.
            resume: whether a state found there is used.
            seconds: least time between two savings.
        """
        self.path = path
        self._key, self._resume, self._seconds = key, resume, seconds
        self._saved = time.monotonic()

    def check(self, *, overwrite: bool) -> None:
        """Stop, before any work, at a state that is not to be lost or not of this run.

        Args:
            overwrite: whether the user gave it up.

        Raises:
            OutputError: one that nothing was said about, or one of other files or settings.
        """
        if overwrite or not self.path.is_file():
            return
        if not self._resume:
            raise OutputError(
                f"{self.path}: an unfinished run is there; resume it with --resume, or discard it "
                "with --overwrite"
            )
        if (key := self._key_found()) is not None and key != self._key:
            raise OutputError(
                f"{self.path}: the run there is another one, of other files or settings; discard "
                "it with --overwrite, or give its own"
            )

    def _key_found(self) -> str | None:
        """Whose state the file holds; None where it can't be read."""
        try:
            with safe_open(self.path, framework="numpy") as archive:
                key: str = json.loads((archive.metadata() or {}).get("key", '""'))
                return key
        except (SafetensorError, ValueError, OSError):
            return None

    def load(self) -> Arrays | None:
        """The state saved last for the same run, or None."""
        if not self._resume or not self.path.is_file():
            return None
        try:
            with safe_open(self.path, framework="numpy") as archive:
                if json.loads((archive.metadata() or {}).get("key", '""')) != self._key:
                    return None
                names = archive.keys()
                return {name: archive.get_tensor(name) for name in names}
        except (SafetensorError, ValueError):
            return None

    def offer(self, arrays: Callable[[], Arrays]) -> None:
        """Save if the last state is old enough."""
        if time.monotonic() - self._saved >= self._seconds:
            self.save(arrays())

    def save(self, arrays: Arrays) -> None:
        """Save now."""
        with staged(self.path, own=True) as temporary:
            save_file(arrays, temporary, {"key": json.dumps(self._key)})
        self._saved = time.monotonic()

    def remove(self) -> None:
        """The run is done: forget the state."""
        self.path.unlink(missing_ok=True)
