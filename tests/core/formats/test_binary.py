"""word2vec's binary format: both dialects, and the row of each fault."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from x2static.core.errors import VectorFormatError
from x2static.core.vector_file import read_vectors


def row(word: bytes, *values: float) -> bytes:
    return word + b" " + np.array(values, "<f4").tobytes()


def read(tmp_path: Path, content: bytes, **options: object) -> list[tuple[str, list[float]]]:
    (tmp_path / "x.bin").write_bytes(content)
    found = read_vectors(tmp_path / "x.bin", **options)  # type: ignore[arg-type]
    return list(zip(found.words, found.matrix.tolist(), strict=True))


def test_rows_with_and_without_line_ends_are_read(tmp_path: Path) -> None:
    expected = [("a", [1.0, 2.0]), ("b", [3.0, 4.0])]
    a, b = row(b"a", 1, 2), row(b"b", 3, 4)
    assert read(tmp_path, b"2 2\n" + a + b) == expected
    assert read(tmp_path, b"2 2\n" + a + b"\n" + b + b"\n") == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"2 1\n" + row(b"a", 1) + row(b"a", 2), "row 2: duplicate word 'a' (first in row 1)"),
        (b"2 1\n" + row(b"a", 1) + row(b"", 2), "row 2: empty word"),
        (b"2 1\n" + row(b"a", 1) + row(b"b", np.nan), "row 2: nan is not a finite number"),
        (b"2 1\n" + row(b"a", 1) + row(b"\xff", 2), "row 2: bad UTF-8 in the word"),
        (b"2 1\n" + row(b"a", 1) + row(b"x\ty", 2), "row 2: word 'x\\ty' contains a tab"),
        (b"2 1\n" + row(b"a", 1), "row 2: header says 2 words, the file ends in this row"),
        (b"1 1\n" + row(b"a", 1) + row(b"b", 2), "row 1: header says 1 words, the file continues"),
        (b"1 1\n" + b"a" * 200_000, "row 1: no space within 65,536 bytes of a word"),
        (b"9 999999999\na ", "header says width 999999999, too much for the size of the file"),
        (b"a 1 2\n", "no header 'N D' in front of binary vectors"),
    ],
)
def test_each_fault_names_its_row(content: bytes, message: str, tmp_path: Path) -> None:
    if not content.startswith(b"a "):
        with pytest.raises(VectorFormatError) as caught:
            read(tmp_path, content)
    else:
        from x2static.core.formats.binary import read_binary
        from x2static.core.formats.faults import Faults

        (tmp_path / "x.bin").write_bytes(content)
        with pytest.raises(VectorFormatError) as caught:
            read_binary(tmp_path / "x.bin", None, Faults(tmp_path / "x.bin", "raise", "row"))
    assert message in str(caught.value)


def test_skipping_keeps_the_good_rows(tmp_path: Path) -> None:
    content = b"4 1\n" + row(b"a", 1) + row(b"\xff", 2) + row(b"a", 3) + row(b"b", 4)[:-1]
    assert read(tmp_path, content, on_error="skip") == [("a", [1.0])]
