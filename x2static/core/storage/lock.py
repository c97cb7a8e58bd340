"""One process at a time in a folder; a lock dies with its process, so none is ever stale."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import TextIO

from x2static.core.errors import OutputError
from x2static.core.storage.files import describe_os_error

LOCK_NAME = "lock"
_OWNER = "process"


def was_locked(folder: Path) -> bool:
    """Whether a process of this program has ever held a folder by its lock."""
    try:
        return (folder / LOCK_NAME).read_text(encoding="utf-8").startswith(f"{_OWNER} ")
    except (OSError, ValueError):
        return False


class FolderLock:
    """Holds ``FOLDER/lock`` (or another name) while active; creates the folder if need be."""

    def __init__(self, folder: Path, name: str = LOCK_NAME) -> None:
        """Name the folder, and the lock in it."""
        self.folder, self._name = folder, name
        self._stream: TextIO | None = None

    def __enter__(self) -> FolderLock:
        """Take the lock.

        Raises:
            OutputError: another process has it (named), or the folder cannot be made.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            number = os.open(self.folder / self._name, os.O_RDWR | os.O_CREAT, 0o666)
            stream = os.fdopen(number, "r+", encoding="utf-8")
        except OSError as error:
            raise OutputError(describe_os_error(self.folder, error)) from error
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = stream.read().strip() or "another process"
            stream.close()
            raise OutputError(
                f"{self.folder}: {owner} is working there; wait for it or choose another place"
            ) from error
        stream.seek(0)  # never empty again, for what it says tells whose folder this is
        stream.write(f"{_OWNER} {os.getpid()} on {os.uname().nodename}")
        stream.truncate()
        stream.flush()
        self._stream = stream
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of it."""
        if self._stream is not None:
            self._stream.close()
