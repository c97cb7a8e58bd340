"""Text as blocks of whole lines: files (plain, .gz, .xz, .zst), folders of them, standard input."""

from __future__ import annotations

import gzip
import hashlib
import lzma
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from x2static.core.errors import CorpusError
from x2static.core.storage.files import describe_os_error
from x2static.core.storage.source_file import open_source
from x2static.core.text.compressed import CountedStream, decompressed

OnBadLine = Literal["stop", "skip"]
STDIN = Path("-")
MAX_LINE_BYTES = 1 << 20  # a line of a megabyte is a lost newline or binary data, not a paragraph
_BLOCK_BYTES = 1 << 18
# What is skipped has an end, or a device or a bomb of a few kilobytes keeps a machine busy all day.
_LONGEST_SKIPPED, _MOST_BLANK = 1 << 30, 1 << 24
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class LineBlock:
    """Some whole lines of one file.

    Attributes:
        place: the file's name, for messages.
        first_line: number of the first line, counted from 1.
        data: the lines, with a line feed between them and none at the end.
        num_overlong: lines that were too long and stand here as empty ones (``on_error="skip"``).
    """

    place: str
    first_line: int
    data: bytes
    num_overlong: int = 0


class LineReader:
    """Iterates over a text in blocks of whole lines and knows how far it has come.

    Attributes:
        bytes_read: bytes taken from the disk so far, as they lie there (compressed).
        bytes_total: bytes there are, or None for standard input.
        fingerprints: sha256 and size of each input that was read to its end.
    """

    def __init__(
        self,
        path: Path,
        *,
        on_error: OnBadLine = "stop",
        max_line_bytes: int = MAX_LINE_BYTES,
        block_bytes: int = _BLOCK_BYTES,
    ) -> None:
        """Find the files; reading starts with iteration.

        Args:
            path: a file, a folder (its files in sorted order, hidden ones left out) or ``-``.
            on_error: what to do with a line that is too long: refuse it or leave it out.
            max_line_bytes: the longest line that is still a paragraph.
            block_bytes: text read at a time, before it is cut at its last line end.
        """
        self._path, self._on_error = path, on_error
        self._max_line_bytes, self._block_bytes = max_line_bytes, block_bytes
        self._files = list_files(path)
        self.bytes_read = 0
        self.bytes_total = None if path == STDIN else sum(map(_size, self._files))
        self.fingerprints: dict[str, dict[str, Any]] = {}

    def __iter__(self) -> Iterator[LineBlock]:
        """The blocks of all files, in order; a block never spans two files."""
        for path in self._files:
            yield from self._blocks_of(path)
        if self._path.is_dir():
            self._fold_fingerprints()

    def _blocks_of(self, path: Path) -> Iterator[LineBlock]:
        place = "standard input" if path == STDIN else str(path)
        with ExitStack() as stack:
            try:
                raw = sys.stdin.buffer if path == STDIN else stack.enter_context(open_source(path))
                counted = CountedStream(raw, self._count)
                stream = decompressed(counted, place)
                yield from _with_text(self._cut_into_lines(stream, place))
            except OSError as error:
                raise CorpusError(_read_failure(path, place, error)) from error
            except (EOFError, lzma.LZMAError, zlib.error) as error:
                raise CorpusError(f"{place}: broken compressed data ({error})") from error
            self.fingerprints[place] = counted.fingerprint()

    def _cut_into_lines(self, stream: IO[bytes], place: str) -> Iterator[LineBlock]:
        """Blocks that end at line ends; an overlong line is never held in memory."""
        carry, line, is_skipping = b"", 1, False
        is_first, skipped = True, 0
        while block := stream.read(self._block_bytes):
            if is_first:
                block, is_first = block.removeprefix(_BOM), False
            if is_skipping:
                before, newline, block = block.partition(b"\n")
                skipped += len(before)
                if not newline:
                    self._refuse_endless(place, line, skipped)
                    continue
                yield LineBlock(place, line, b"", num_overlong=1)
                line, is_skipping = line + 1, False
            head, newline, tail = block.rpartition(b"\n")
            if newline:
                yield self._checked(place, line, carry + head)
                line += head.count(b"\n") + 1
                carry = tail
            else:
                carry += tail
            if len(carry) > self._max_line_bytes:
                self._refuse_overlong(place, line)
                carry, is_skipping, skipped = b"", True, len(carry)
        if is_skipping:
            yield LineBlock(place, line, b"", num_overlong=1)
        elif carry:
            yield self._checked(place, line, carry)

    def _checked(self, place: str, first_line: int, data: bytes) -> LineBlock:
        """A block whose overlong lines are refused or emptied."""
        if len(data) <= self._max_line_bytes:
            return LineBlock(place, first_line, data)
        lines, num_overlong = data.split(b"\n"), 0
        for index, line in enumerate(lines):
            if len(line) > self._max_line_bytes:
                self._refuse_overlong(place, first_line + index)
                lines[index] = b""
                num_overlong += 1
        return LineBlock(place, first_line, b"\n".join(lines), num_overlong)

    def _refuse_overlong(self, place: str, line: int) -> None:
        if self._on_error == "stop":
            raise CorpusError(
                f"{place}:{line}: a line of more than {self._max_line_bytes:,} bytes is no "
                "paragraph; give each paragraph its own line, or pass --on-error skip to leave "
                "such lines out"
            )

    def _refuse_endless(self, place: str, line: int, skipped: int) -> None:
        if skipped > _LONGEST_SKIPPED:
            raise CorpusError(
                f"{place}:{line}: a line of more than {_LONGEST_SKIPPED:,} bytes; this is no text"
            )

    def _count(self, size: int) -> None:
        self.bytes_read += size

    def _fold_fingerprints(self) -> None:
        """One fingerprint for a folder: names and contents, as `core.storage.files.sha256`."""
        digest = hashlib.sha256()
        for path in self._files:
            digest.update(str(path.relative_to(self._path)).encode())
            digest.update(bytes.fromhex(self.fingerprints[str(path)]["sha256"]))
        size = sum(entry["bytes"] for entry in self.fingerprints.values())
        self.fingerprints = {str(self._path): {"sha256": digest.hexdigest(), "bytes": size}}


def _with_text(blocks: Iterator[LineBlock]) -> Iterator[LineBlock]:
    """The blocks, as long as a line with text comes now and then."""
    blank = 0
    for block in blocks:
        blank = 0 if block.data.strip() else blank + len(block.data) + 1
        if blank > _MOST_BLANK:
            raise CorpusError(
                f"{block.place}:{block.first_line}: more than {_MOST_BLANK:,} bytes of blank lines "
                "in a row; this is no text"
            )
        yield block


def list_files(path: Path) -> list[Path]:
    """The files behind a path: itself, or a folder's visible files in sorted order."""
    if path == STDIN:
        return [path]
    if not path.is_dir():
        if not path.exists():
            raise CorpusError(f"{path}: no such file or folder")
        return [path]
    files = [child for child in path.rglob("*") if child.is_file() and not _is_hidden(child, path)]
    if not files:
        raise CorpusError(f"{path}: the folder holds no file")
    return sorted(files)


def decode_lines(block: LineBlock) -> str:
    """The text of a block, strictly UTF-8.

    Raises:
        CorpusError: naming the first line that is no UTF-8.
    """
    try:
        return block.data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = block.first_line + block.data.count(b"\n", 0, error.start)
        raise CorpusError(f"{block.place}:{line}: {describe_bad_utf8(block.data, error)}") from None


def describe_bad_utf8(data: bytes, error: UnicodeDecodeError) -> str:
    """Why bytes are no UTF-8, and what to do about it."""
    remedy = "convert the file with iconv, or pass --on-error skip to leave such lines out"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        remedy = "the file is UTF-16: iconv -f UTF-16 -t UTF-8"
    return f"not UTF-8 (byte 0x{data[error.start]:02x}: {error.reason}); {remedy}"


def _read_failure(path: Path, place: str, error: OSError) -> str:
    if isinstance(error, gzip.BadGzipFile):
        return f"{place}: broken compressed data ({error})"
    return describe_os_error(path, error)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise CorpusError(describe_os_error(path, error)) from error


def _is_hidden(child: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in child.relative_to(folder).parts)
