"""Text vectors: word2vec and fastText (header ``N D``), GloVe (no header); plain or gzip."""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import IO, NamedTuple

from x2static.core.formats.byte_stream import likely_bytes, most_bytes, open_bytes
from x2static.core.formats.collector import RowCollector
from x2static.core.formats.faults import Faults, RowFault
from x2static.core.formats.text_rows import parse_block, parse_line, strip_line
from x2static.core.vectors import FloatMatrix, WordVectors

_FIRST_BLOCK, _BLOCK = 1 << 16, 1 << 21
LONGEST_LINE = 1 << 26
_HEADER = re.compile(rb"(?:\xef\xbb\xbf)?(\d{1,18}) (\d{1,9}) ?\r?\n?")
_WORKERS = 8

Parsed = tuple[list[str], FloatMatrix] | None


class Header(NamedTuple):
    """The first line of word2vec's formats."""

    words: int
    width: int


def parse_header(line: bytes) -> Header | None:
    """The two whole numbers of a header line, or None where the line is something else."""
    match = _HEADER.fullmatch(line)
    return Header(int(match[1]), int(match[2])) if match else None


def read_text(path: Path, limit: int | None, faults: Faults) -> WordVectors:
    """Read text vectors; a header is recognised by its two whole numbers."""
    with open_bytes(path) as stream:
        first = stream.readline(LONGEST_LINE)
        header = parse_header(first)
        width = header.width if header else strip_line(first).count(b" ")
        if header is None and not _is_like_a_row(first):
            faults.fatal(
                "line 1 is neither a header 'N D' nor a word with numbers, so this holds no word "
                "vectors; give a file as word2vec, fastText, GloVe or gensim write it, or a folder "
                "that x2static made"
            )
        if width < 1:
            faults.fatal("line 1 is width 0; word vectors need a width of at least 1")
        if header and header.words and 2 * width > most_bytes(path):
            faults.fatal(f"line 1: header says width {width}, too much for the size of the file")
        collector = RowCollector(width, _expected_rows(path, first, header), limit, faults)
        pieces = line_blocks(stream, b"" if header else first, faults)
        lines = _collect(pieces, width, 2 if header else 1, collector, faults, limit)
    if header and not collector.is_full and lines != header.words:
        faults.found(1, "header count", f"header says {header.words} words, file has {lines} rows")
    return collector.vectors()


def _is_like_a_row(line: bytes) -> bool:
    """True if most of what follows the first word are numbers; one may be damaged."""
    fields = strip_line(line).split(b" ")[1:]
    numbers = 0
    for text in fields:
        with suppress(ValueError):
            float(text)
            numbers += 1
    return 0 < len(fields) <= 2 * numbers


def _expected_rows(path: Path, first: bytes, header: Header | None) -> int:
    """Rows to make room for: the header's word, unless so many cannot be in the file."""
    if header:
        # A row takes at least two bytes per number, and two for the word and the line end.
        return min(header.words, likely_bytes(path) // (2 * header.width + 2))
    return int(likely_bytes(path) / len(first) * 1.05) + 1


def line_blocks(stream: IO[bytes], begin: bytes, faults: Faults) -> Iterator[bytes]:
    """Pieces of the stream that end with a line, small ones first, so that a limit reads little."""
    size, rest = _FIRST_BLOCK, begin
    while piece := stream.read(size):
        size = min(2 * size, _BLOCK)
        cut = piece.rfind(b"\n") + 1
        if not cut:
            rest += piece
            if len(rest) > LONGEST_LINE:
                faults.fatal(f"a line is longer than {LONGEST_LINE:,} bytes: not a vector file")
            continue
        yield rest + piece[:cut]
        rest = piece[cut:]
    if rest:
        yield rest


def _collect(
    blocks: Iterable[bytes],
    width: int,
    number: int,
    collector: RowCollector,
    faults: Faults,
    limit: int | None,
) -> int:
    """Fill the collector from the blocks in order; the number of lines seen."""
    begin = number
    for block, parsed in _ahead(blocks, lambda block: parse_block(block, width), limit):
        if parsed is None:
            number = _collect_lines(block, width, number, collector, faults)
        else:
            collector.add_block(*parsed, first=number)
            number += len(parsed[0])
        if collector.is_full:
            break
    return number - begin


def _collect_lines(
    block: bytes, width: int, number: int, collector: RowCollector, faults: Faults
) -> int:
    """The slow path: one line at a time, each fault with its line number."""
    lines = block.split(b"\n")
    unended = lines.pop()
    for line in lines:
        if collector.is_full:
            return number
        try:
            collector.add_row(*parse_line(line, width), number)
        except RowFault as fault:
            faults.found(number, fault.reason, fault.detail)
        number += 1
    if unended and not collector.is_full:
        # A last number may have lost digits and still be a number: only a line end proves it whole.
        faults.found(
            number, "truncated", "the last line has no line end: the file may be truncated"
        )
        number += 1
    return number


def _ahead(
    blocks: Iterable[bytes], parse: Callable[[bytes], Parsed], limit: int | None
) -> Iterator[tuple[bytes, Parsed]]:
    """Blocks with their parsed rows, in order, while other threads parse the following ones."""
    workers = available_workers()
    waiting: deque[tuple[bytes, Future[Parsed]]] = deque()
    handed_out = 0
    with ThreadPoolExecutor(workers) as pool:
        for block in chain(blocks, [b""]):
            if block:
                waiting.append((block, pool.submit(parse, block)))
                handed_out += block.count(b"\n") if limit is not None else 0
            is_enough = not block or (limit is not None and handed_out >= limit)
            while waiting and (is_enough or len(waiting) > workers):
                done, future = waiting.popleft()
                yield done, future.result()


def available_workers() -> int:
    """Threads worth starting: the processors that this process may use, up to a bound."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(allowed or 1, _WORKERS)
