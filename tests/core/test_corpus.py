"""Prepared text as a stream."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from x2static.core.errors import CorpusError
from x2static.core.text.corpus import ReadingPosition, iter_sentences

TEXT = "a b\nc d\n\ne f\r\n \n\ng h"


def test_sentences_come_in_order_without_blank_lines(
    write_text: Callable[[str, str], Path],
) -> None:
    path = write_text("corpus.txt", TEXT)
    assert list(iter_sentences(path)) == ["a b", "c d", "e f", "g h"]


def test_position_tells_how_far_the_reading_came(tmp_path: Path) -> None:
    path = tmp_path / "corpus.txt.gz"
    path.write_bytes(gzip.compress(b"word and word\n" * 1000))
    position = ReadingPosition()
    assert len(list(iter_sentences(path, position=position))) == 1000
    assert position == ReadingPosition(path.stat().st_size, path.stat().st_size, 1000)


def test_bad_utf8_is_an_error_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "corpus.txt"
    path.write_bytes(b"a\n\n\xc3\n")
    with pytest.raises(CorpusError, match=r"corpus\.txt:3: not UTF-8"):
        list(iter_sentences(path))


def test_memory_does_not_grow_with_the_corpus(tmp_path: Path) -> None:
    path = tmp_path / "corpus.txt"
    path.write_bytes(b"some words of a sentence that is not short\n" * 400_000)  # 17 MB
    tracemalloc.start()
    for _ in iter_sentences(path):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000
