"""Open what a user names for reading: a file, or a pipe to which somebody writes."""

from __future__ import annotations

import errno
import os
import stat
import threading
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

PIPE_SECONDS = 5.0
MAX_SETTINGS_BYTES = 1 << 24  # settings are written by hand: 16 MB of them are something else
_NAME_BYTES, _PATH_BYTES = 255, 4095


def open_source(path: Path) -> BinaryIO:
    """Open a file for reading; of a named pipe without a writer, an error instead of a long wait.

    Raises:
        OSError: it cannot be opened, or nobody has opened the pipe for writing after some seconds.
    """
    if not stat.S_ISFIFO(path.stat().st_mode):
        return path.open("rb")
    return _open_pipe(path)


def why_no_file(path: Path) -> str:
    """What is wrong where a file was wanted and none is: nothing is there, or something else."""
    return "not a file" if path.exists() else "no such file"


def _open_pipe(path: Path) -> BinaryIO:
    """Opening waits for a writer, so another thread does it, and is released when time is up."""
    opened: list[BinaryIO] = []
    failed: list[OSError] = []

    def wait() -> None:
        try:
            opened.append(path.open("rb"))
        except OSError as error:
            failed.append(error)

    opener = threading.Thread(target=wait, daemon=True)
    opener.start()
    opener.join(PIPE_SECONDS)
    if failed:
        raise failed[0]
    if opened:
        return opened[0]
    with suppress(OSError):  # who may not write leaves the thread to the end of the program
        # A writer, if only for a moment, lets the other thread go on.
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
        opener.join()
    for stream in opened:
        stream.close()
    raise OSError(errno.ETIMEDOUT, "a pipe to which nobody writes", str(path))


def read_settings_text(path: Path) -> str:
    """The text of a file of settings, of a size that settings can have.

    Raises:
        OSError: it cannot be read, or is too large.
        UnicodeDecodeError: it is not UTF-8.
    """
    with open_source(path) as stream:
        data = stream.read(MAX_SETTINGS_BYTES + 1)
    if len(data) > MAX_SETTINGS_BYTES:
        raise OSError(
            errno.EFBIG, f"more than {MAX_SETTINGS_BYTES:,} bytes are no settings", str(path)
        )
    return data.decode("utf-8-sig")


def name_fault(text: str) -> str | None:
    """Why no file can have this name, or None."""
    if "\0" in text:
        return "holds a NUL character"
    try:
        encoded = os.fsencode(text)
    except UnicodeEncodeError:
        return "holds half of a surrogate pair, which is no character"
    if len(encoded) > _PATH_BYTES or max(map(len, encoded.split(b"/"))) > _NAME_BYTES:
        return f"is too long for a file ({len(encoded):,} bytes): {text[:40]}..."
    return None
