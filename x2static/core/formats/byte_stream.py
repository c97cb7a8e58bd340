"""Bytes of a file, plain or gzip, with the system's errors turned into one line."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from x2static.core.errors import VectorFormatError
from x2static.core.storage.files import describe_os_error

_GZIP_MAGIC = b"\x1f\x8b"
# No deflate stream shrinks further than the first; number text shrinks to about 0.45 of its size.
_GZIP_BEST_RATIO, _GZIP_LIKELY_RATIO = 1032, 4


@contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """The (decompressed) bytes of ``path``; a damaged or unreadable file is one error line."""
    try:
        with path.open("rb") as stream:
            if is_gzip(path):
                with gzip.GzipFile(fileobj=stream, mode="rb") as unzipped:
                    yield cast("IO[bytes]", unzipped)
            else:
                yield stream
    except EOFError as error:
        raise VectorFormatError(f"{path}: the gzip stream is truncated") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise VectorFormatError(f"{path}: the gzip stream is damaged: {error}") from error
    except OSError as error:
        raise VectorFormatError(describe_os_error(path, error)) from error


def is_gzip(path: Path) -> bool:
    """True where the file begins like gzip, whatever its name."""
    with path.open("rb") as stream:
        return stream.read(2) == _GZIP_MAGIC


def most_bytes(path: Path) -> int:
    """An upper bound of the decompressed size."""
    return path.stat().st_size * (_GZIP_BEST_RATIO if is_gzip(path) else 1)


def likely_bytes(path: Path) -> int:
    """A generous guess of the decompressed size; exact for a plain file."""
    return path.stat().st_size * (_GZIP_LIKELY_RATIO if is_gzip(path) else 1)
