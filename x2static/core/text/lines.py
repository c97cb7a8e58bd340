"""Lines of a small hand-made text file (a dictionary, a test set), each with its number."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO, BinaryIO, cast

from x2static.core.errors import WorkbenchError
from x2static.core.storage.files import describe_os_error
from x2static.core.storage.source_file import open_source

_BOM = b"\xef\xbb\xbf"
MAX_LINE_BYTES = 1 << 20
_TEXTS = (".txt", ".tsv", ".csv", ".dict")
ASCII_SPACE = " \t\r\n\v\f"


def numbered_lines(path: Path, error: type[WorkbenchError]) -> Iterator[tuple[int, str]]:
    """Yield (number from 1, text) of each line that is not blank.

    White space is ASCII's alone. Only a line feed ends a line; a carriage return before it and a
    byte order mark at the start are dropped, and a name in ``.gz`` is unpacked, as is a ``.zip`` of
    one text.

    Args:
        path: UTF-8 text.
        error: what to raise, with place and remedy, for a file that cannot be read.
    """
    try:
        with open_source(path) as packed, _unpacked(packed, path, error) as stream:
            for number, raw in enumerate(iter(partial(stream.readline, MAX_LINE_BYTES), b""), 1):
                if len(raw) == MAX_LINE_BYTES:
                    raise error(
                        f"{path}:{number}: a line of more than {MAX_LINE_BYTES:,} bytes; this is "
                        "no such text"
                    )
                if number == 1:
                    raw = raw.removeprefix(_BOM)
                line = _decoded(raw, f"{path}:{number}", error)
                if line.strip(ASCII_SPACE):
                    yield number, line
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile) as problem:
        kind = path.suffix.replace("gz", "gzip").removeprefix(".")
        raise error(f"{path}: damaged {kind} file ({problem}); fetch it again") from problem
    except OSError as problem:
        raise error(describe_os_error(path, problem)) from problem


def _unpacked(packed: BinaryIO, path: Path, error: type[WorkbenchError]) -> IO[bytes]:
    if path.suffix == ".gz":
        return cast("IO[bytes]", gzip.GzipFile(fileobj=packed))
    return _only_text(zipfile.ZipFile(packed), path, error) if path.suffix == ".zip" else packed


def _only_text(archive: zipfile.ZipFile, path: Path, error: type[WorkbenchError]) -> IO[bytes]:
    """The one text of an archive; what computers put beside it does not count."""
    texts = [
        name
        for name in archive.namelist()
        if Path(name).suffix in _TEXTS
        and not name.startswith("__MACOSX")
        and not Path(name).name.lower().startswith(("readme", "license"))
    ]
    if len(texts) != 1:
        shown = ", ".join(texts[:3]) + (" ..." if len(texts) > 3 else "")
        raise error(f"{path}: {len(texts)} texts in this zip ({shown}); unpack it and name one")
    try:
        return archive.open(texts[0])
    except (RuntimeError, NotImplementedError) as problem:  # locked, or packed in an odd way
        raise error(f"{path}: {problem}; unpack it yourself") from problem


def _decoded(raw: bytes, place: str, error: type[WorkbenchError]) -> str:
    try:
        return raw.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as problem:
        value = raw[problem.start]
        raise error(
            f"{place}: byte 0x{value:02x} at {problem.start} is not UTF-8; convert the file"
        ) from problem
