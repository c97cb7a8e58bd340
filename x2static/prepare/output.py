"""Write sentences: one per line, a blank line between paragraphs, compressed by suffix."""

from __future__ import annotations

import gzip
import lzma
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from x2static.core.errors import require


@contextmanager
def open_output(path: Path, suffix: str) -> Iterator[IO[bytes]]:
    """A binary file that compresses by ``suffix``; the same text gives the same bytes."""
    with path.open("wb") as raw:
        if suffix == ".gz":
            with gzip.GzipFile(
                filename="", mode="wb", fileobj=raw, mtime=0, compresslevel=4
            ) as out:
                yield cast(IO[bytes], out)
        elif suffix == ".xz":
            with lzma.LZMAFile(raw, "wb", preset=3) as packed:
                yield packed
        elif suffix == ".zst":
            zstandard = require("zstandard", "", "writing .zst")
            with zstandard.ZstdCompressor(level=9).stream_writer(raw, closefd=False) as writer:
                yield cast(IO[bytes], writer)
        else:
            yield raw


_KEPT = 2000


class ParagraphWriter:
    """Writes sentences and parts the paragraphs.

    Attributes:
        first: the first few sentences, to look at.
        sentences: written so far.
        paragraphs: begun so far.
        tokens: written so far.
    """

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._paragraph: int | None = None
        self._pending: list[bytes] = []
        self.first: list[bytes] = []
        self.sentences = self.paragraphs = self.tokens = 0

    def write(self, sentence: bytes, paragraph: int) -> None:
        """Add a sentence; a new paragraph number begins a new paragraph."""
        if paragraph != self._paragraph:
            if self._paragraph is not None:
                self._pending.append(b"")
            self._paragraph = paragraph
            self.paragraphs += 1
        self._pending.append(sentence)
        if self.sentences < _KEPT:
            self.first.append(sentence)
        self.sentences += 1
        self.tokens += sentence.count(b" ") + 1
        if len(self._pending) > 4096:
            self.flush()

    def flush(self) -> None:
        """Hand over what is pending; to be called at the end."""
        if self._pending:
            self._out.write(b"\n".join(self._pending) + b"\n")
            self._pending = []
