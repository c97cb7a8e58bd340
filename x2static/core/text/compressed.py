"""Compressed text as a stream of bytes, told by its first bytes; what is read of it is counted."""

from __future__ import annotations

import gzip
import hashlib
import io
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from x2static.core.errors import require

_MAGIC = {b"\x1f\x8b": ".gz", b"\xfd7zXZ\x00": ".xz", b"\x28\xb5\x2f\xfd": ".zst"}


class CountedStream(io.RawIOBase):
    """A raw file that counts and hashes what is read from it."""

    def __init__(self, raw: BinaryIO, count: Callable[[int], None]) -> None:
        """Read from ``raw``; ``count`` is told of each piece's size."""
        self._raw, self._count = raw, count
        self._digest, self._size = hashlib.sha256(), 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer as far as it goes."""
        data = self._raw.read(len(buffer))
        buffer[: len(data)] = data
        self._digest.update(data)
        self._size += len(data)
        self._count(len(data))
        return len(data)

    def fingerprint(self) -> dict[str, Any]:
        """Digest and size of all that was read."""
        return {"sha256": self._digest.hexdigest(), "bytes": self._size}


class _ZstdStream(io.RawIOBase):
    """Decompressed zstandard frames; unlike the package's own reader it notices a cut-off end."""

    def __init__(self, source: IO[bytes]) -> None:
        zstandard = require("zstandard", "", "reading .zst")
        self._new_frame = zstandard.ZstdDecompressor().decompressobj
        self._error = zstandard.ZstdError
        self._source = source
        self._frame: Any = None
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            if not self._fill():
                return 0
        size = min(len(buffer), len(self._ready))
        buffer[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def _fill(self) -> bool:
        """Decompress one more piece; False at the end of the last frame."""
        data = b""
        if self._frame is not None and self._frame.eof:
            data, self._frame = self._frame.unused_data, None
        data = data or self._source.read(1 << 17)
        if not data:
            if self._frame is not None:
                raise EOFError("the data ends before the end of the frame")
            return False
        if self._frame is None:
            self._frame = self._new_frame()
        try:
            self._ready = memoryview(self._frame.decompress(data))
        except self._error as error:
            raise EOFError(str(error)) from error
        return True


def decompressed(counted: CountedStream, place: str) -> IO[bytes]:
    """The stream behind its compression, told by the first bytes, or else by the suffix."""
    buffered = io.BufferedReader(counted, 1 << 18)
    start = buffered.peek(8)[:8]
    suffix = next((kind for magic, kind in _MAGIC.items() if start.startswith(magic)), "")
    if not suffix and start and Path(place).suffix in _MAGIC.values():
        suffix = Path(place).suffix  # the decompressor says best what is wrong with it
    if suffix == ".gz":
        return cast(IO[bytes], gzip.GzipFile(fileobj=buffered, mode="rb"))
    if suffix == ".xz":
        return lzma.LZMAFile(buffered)
    if suffix == ".zst":
        return io.BufferedReader(_ZstdStream(cast(IO[bytes], buffered)), 1 << 18)
    return cast(IO[bytes], buffered)
