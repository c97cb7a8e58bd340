"""The folder beside the output in which an unfinished run lives."""

from __future__ import annotations

from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

from x2static.core.errors import OutputError
from x2static.core.storage.files import describe_os_error, remove_tree
from x2static.core.storage.leftovers import temporary_for
from x2static.core.storage.lock import LOCK_NAME, FolderLock, was_locked
from x2static.core.storage.manifest import Manifest
from x2static.core.storage.outputs import Outputs


class WorkFolder:
    """``OUTPUT.unfinished``: held by one process, bound to one set of settings and inputs."""

    def __init__(self, output: Path) -> None:
        """Name the folder that belongs to an output."""
        self.path = output.with_name(f"{output.name}.unfinished")
        self._lock = FolderLock(self.path)
        self._manifest = Manifest(self.path / "manifest.json")

    def check(self, outputs: Outputs) -> None:
        """Stop, before anything is made, where it is an input, or a folder of somebody else."""
        outputs.protect(self.path)
        self._refuse_foreign()

    def __enter__(self) -> WorkFolder:
        """Create and lock it."""
        self._refuse_foreign()
        self._lock.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of it; an empty one disappears."""
        if self.path.is_dir() and {entry.name for entry in self.path.iterdir()} <= {LOCK_NAME}:
            remove_tree(self.path)
        self._lock.__exit__()

    @property
    def has_run(self) -> bool:
        """Whether an unfinished run lies here."""
        return self._manifest.exists

    def clear(self, but: Container[str] = ()) -> None:
        """Drop whatever run lies here; killed on the way, the rest of it counts for nothing.

        Args:
            but: names of what stays.
        """
        self._manifest.drop()  # first, for without it nothing here is trusted
        for entry in list(self.path.iterdir()):
            if entry.name != LOCK_NAME and entry.name not in but:
                gone = temporary_for(entry)  # half a folder must not be taken for a whole one
                entry.rename(gone)
                remove_tree(gone)

    def sweep(self) -> None:
        """Remove what a killed process left half-written."""
        for entry in [*self.path.glob(".*.tmp"), *self.path.glob("*/.*.tmp")]:
            remove_tree(entry)

    def forget(self, identity: Mapping[str, Any]) -> None:
        """Remove what is left of a run that was killed after its output had become whole."""
        if not self.path.is_dir():
            return
        with self:
            if not self.has_run or self._manifest.is_of(identity):
                self.clear()

    def claim(self, identity: Mapping[str, Any]) -> None:
        """Bind a fresh run to its identity, or check that an unfinished one has the same.

        Raises:
            OutputError: the unfinished run had other settings or inputs; names each of them.
        """
        self._manifest.bind(identity)

    def _refuse_foreign(self) -> None:
        """All in it goes when the run is done, so it must be this program's own."""
        try:
            if not self.path.exists():
                return
            names = {entry.name for entry in self.path.iterdir()}
        except OSError as error:
            raise OutputError(describe_os_error(self.path, error)) from error
        if not names <= {LOCK_NAME} and not was_locked(self.path):
            raise OutputError(
                f"{self.path} is a folder that no earlier run made; move it, or choose another "
                "--output"
            )
