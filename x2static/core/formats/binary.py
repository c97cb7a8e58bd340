"""word2vec's binary format: header ``N D``, then word, space and D little-endian float32 per row.

The original C program writes a line end behind each row, gensim does not: both are read. Written is
gensim's form.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from x2static.core.formats.byte_stream import likely_bytes, most_bytes, open_bytes
from x2static.core.formats.collector import RowCollector
from x2static.core.formats.faults import Faults
from x2static.core.formats.text import parse_header
from x2static.core.formats.words import check_writable
from x2static.core.storage.files import Stage, staged
from x2static.core.vectors import FloatMatrix, WordVectors

_FIRST_CHUNK, _CHUNK = 1 << 16, 1 << 22
_LONGEST_WORD = 1 << 16
_FLOAT = np.dtype("<f4")


class _Rows(NamedTuple):
    """Whole rows found at the start of a buffer, and where they end."""

    words: list[bytes]
    values: FloatMatrix
    end: int


def read_binary(path: Path, limit: int | None, faults: Faults) -> WordVectors:
    """Read word2vec's binary format, plain or gzip."""
    with open_bytes(path) as stream:
        header = parse_header(stream.readline(64))
        if header is None or header.width < 1:
            faults.fatal("no header 'N D' in front of binary vectors")
        row_bytes = 4 * header.width
        if header.words and row_bytes > most_bytes(path):
            faults.fatal(f"header says width {header.width}, too much for the size of the file")
        expected = min(header.words, likely_bytes(path) // row_bytes)
        collector = RowCollector(header.width, expected, limit, faults)
        rows, goes_on = _read_rows(stream, header.words, header.width, collector, faults)
    if not collector.is_full and rows < header.words:
        faults.found(
            rows + 1, "truncated", f"header says {header.words} words, the file ends in this row"
        )
    elif goes_on:
        detail = f"header says {header.words} words, the file continues after them"
        faults.found(rows, "header count", detail)
    return collector.vectors()


def write_binary(vectors: WordVectors, path: Path, stage: Stage = staged) -> None:
    """Write gensim's form of the binary format."""
    check_writable(vectors, path)
    with stage(path) as temporary, temporary.open("wb") as stream:
        stream.write(f"{len(vectors)} {vectors.width}\n".encode())
        for word, row in zip(vectors.words, vectors.matrix, strict=True):
            stream.write(word.encode() + b" " + row.astype(_FLOAT).tobytes())


def _read_rows(
    stream: IO[bytes], words: int, width: int, collector: RowCollector, faults: Faults
) -> tuple[int, bool]:
    """Fill the collector up to the header's count; the rows seen, and whether bytes are left."""
    buffer, seen, size = b"", 0, _FIRST_CHUNK
    while not collector.is_full:
        rows = _split(buffer, width, words - seen)
        _collect(rows, seen + 1, collector, faults)
        seen += len(rows.words)
        buffer = buffer[rows.end :]
        if seen == words:
            # The C program's last line end is no further row.
            return seen, (buffer + stream.read(2)) not in (b"", b"\n")
        if len(buffer) > _LONGEST_WORD and buffer.find(b" ", 0, _LONGEST_WORD) < 0:
            faults.fatal(f"row {seen + 1}: no space within {_LONGEST_WORD:,} bytes of a word")
        more = stream.read(size)
        if not more:
            break
        buffer, size = buffer + more, min(2 * size, _CHUNK)
    return seen, False


def _split(buffer: bytes, width: int, most: int) -> _Rows:
    words: list[bytes] = []
    starts: list[int] = []
    position = 0
    while len(words) < most:
        begin = position + (buffer[position : position + 1] == b"\n")
        space = buffer.find(b" ", begin)
        end = space + 1 + _FLOAT.itemsize * width
        if space < 0 or end > len(buffer):
            break
        words.append(buffer[begin:space])
        starts.append(space + 1)
        position = end
    values: FloatMatrix = np.empty((len(words), width), dtype=np.float32)
    for row, start in enumerate(starts):
        values[row] = np.frombuffer(buffer, _FLOAT, width, start)
    return _Rows(words, values, position)


def _collect(rows: _Rows, first: int, collector: RowCollector, faults: Faults) -> None:
    if not rows.words:
        return
    try:
        words = [word.decode("utf-8") for word in rows.words]
    except UnicodeDecodeError:
        _collect_one_by_one(rows, first, collector, faults)
    else:
        collector.add_block(words, rows.values, first)


def _collect_one_by_one(rows: _Rows, first: int, collector: RowCollector, faults: Faults) -> None:
    for offset, (raw, values) in enumerate(zip(rows.words, rows.values, strict=True)):
        if collector.is_full:
            return
        try:
            word = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            detail = f"bad UTF-8 in the word: {error.reason}, {raw!r}"
            faults.found(first + offset, "bad UTF-8", detail)
        else:
            collector.add_row(word, values, first + offset)
