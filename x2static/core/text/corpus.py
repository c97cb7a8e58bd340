"""Prepared text: one tokenized sentence per line, tokens joined by one space, as a lazy stream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from x2static.core.text.text_input import LineReader, decode_lines


@dataclass
class ReadingPosition:
    """How far a reading has come; `iter_sentences` moves it along, a block of text at a time.

    Attributes:
        bytes_read: bytes taken from the disk, as they lie there (compressed).
        bytes_total: bytes there are, or None for standard input.
        sentences: sentences in the blocks read so far.
    """

    bytes_read: int = 0
    bytes_total: int | None = None
    sentences: int = 0


def iter_sentences(path: Path, *, position: ReadingPosition | None = None) -> Iterator[str]:
    """The sentences of a prepared corpus, in order; blank lines (paragraph ends) are left out.

    Args:
        path: a plain, .gz, .xz or .zst file, a folder of such, or ``-`` for standard input.
        position: filled in along the way, for progress.

    Raises:
        CorpusError: the text cannot be read or is no UTF-8; names file and line.
    """
    reader = LineReader(path)
    position = ReadingPosition() if position is None else position
    position.bytes_total = reader.bytes_total
    for block in reader:
        sentences = _sentences_in(decode_lines(block))
        position.bytes_read = reader.bytes_read
        position.sentences += len(sentences)
        yield from sentences


def _sentences_in(text: str) -> list[str]:
    return [line for line in map(str.strip, text.split("\n")) if line]
