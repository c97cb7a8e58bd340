"""Lines of text, as a lazy stream over the files of a language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from x2static.core.text.text_input import LineReader, decode_lines, list_files


def iter_lines(paths: Sequence[Path]) -> Iterator[str]:
    """The lines of all files in order, stripped, empty ones left out.

    Raises:
        CorpusError: a file cannot be read or is no UTF-8; names file and line.
    """
    for path in paths:
        for block in LineReader(path):
            yield from (line for line in map(str.strip, decode_lines(block).split("\n")) if line)


def sizes_of(sources: dict[str, list[Path]]) -> dict[str, int]:
    """Bytes on disk of each language's files: a first guess at how much text there is."""
    return {
        language: sum(file.stat().st_size for path in paths for file in list_files(path))
        for language, paths in sources.items()
    }
