"""Text vectors: each fault has its line, and what other programs write is read."""

from __future__ import annotations

from decimal import Context, Decimal, localcontext
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from x2static.core.errors import VectorFormatError
from x2static.core.formats import text
from x2static.core.formats.text_rows import parse_block, parse_line
from x2static.core.vector_file import read_vectors
from x2static.core.vectors import WordVectors

GOOD = "a 1 2\nb 3 4\n"


def read(tmp_path: Path, content: str | bytes, name: str = "x.vec") -> WordVectors:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_vectors(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("2 2\na 1 2\nb 3\n", "x.vec:3: expected 2 numbers, found 1"),
        ("2 2\na 1 2\nb 3 4 5\n", "x.vec:3: expected 2 numbers, found 3"),
        ("2 2\na 1 2\nb  3 4\n", "x.vec:3: expected 2 numbers, found 3"),
        ("2 2\na 1 2\nb c 3 4\n", "x.vec:3: expected 2 numbers, found 3"),
        ("2 2\na 1 2\nb 3 x\n", "x.vec:3: 'x' is not a number"),
        ("2 2\na 1 2\nb 3 1_0\n", "x.vec:3: '1_0' is not a number"),
        ("2 2\na 1 2\nb 3 0x1p3\n", "x.vec:3: '0x1p3' is not a number"),
        ("2 2\na 1 2\nb 3 \t4\n", "x.vec:3: '\\t4' is not a number"),
        ("2 2\na 1 2\nb 3 ٣\n", "x.vec:3: '٣' is not a number"),
        ("2 2\na 1 2\nb nan 4\n", "x.vec:3: nan is not a finite number"),
        ("2 2\na 1 2\nb 3 -Infinity\n", "x.vec:3: -Infinity is not a finite number"),
        ("2 2\na 1 2\nb 3 3.5e38\n", "x.vec:3: 3.5e38 is beyond the range of float32"),
        ("2 2\na 1 2\nb 3 1e999\n", "x.vec:3: 1e999 is beyond the range of float32"),
        ("2 2\na 1 2\na 3 4\n", "x.vec:3: duplicate word 'a' (first in line 2)"),
        ("2 2\na 1 2\n 3 4\n", "x.vec:3: empty word"),
        ("2 2\na 1 2\n\nb 3 4\n", "x.vec:3: the line is empty"),
        ("2 2\na 1 2\nb\tc 3 4\n", "x.vec:3: word 'b\\tc' contains a tab"),
        ("2 2\na 1 2\nb\rc 3 4\n", "x.vec:3: word 'b\\rc' contains U+000D"),
        (
            b"2 2\na 1 2\nb\xff 3 4\n",
            "x.vec:3: bad UTF-8 in the word: invalid start byte, b'b\\xff'",
        ),
        (
            "2 2\na 1 2\nb 3 4",
            "x.vec:3: the last line has no line end: the file may be truncated",
        ),
        ("3 2\na 1 2\nb 3 4\n", "x.vec:1: header says 3 words, file has 2 rows"),
        ("1 2\na 1 2\nb 3 4\n", "x.vec:1: header says 1 words, file has 2 rows"),
        ("1 2\na 1\n2\n", "x.vec:2: expected 2 numbers, found 1"),
        ("2 3\na 1 2\nb 3 4\n", "x.vec:2: expected 3 numbers, found 2"),
        ("2 0\na\nb\n", "x.vec: line 1 is width 0; word vectors need a width of at least 1"),
        ("9 999999999\na 1\n", "x.vec: line 1: header says width 999999999, too much"),
        ("word\n", "x.vec: line 1 is neither a header 'N D' nor a word with numbers"),
        ("the quick brown fox\n", "x.vec: line 1 is neither a header 'N D' nor a word with"),
        ("the 1 2 fox\nb 1 2 3\n", "x.vec:1: 'fox' is not a number"),
        ("a 1 2\nb 3\n", "x.vec:2: expected 2 numbers, found 1"),
    ],
)
def test_each_fault_names_its_line(content: str | bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(VectorFormatError) as caught:
        read(tmp_path, content)
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path))


def test_the_line_is_right_far_behind_the_first_block(tmp_path: Path) -> None:
    lines = [f"w{row} 1 2" for row in range(50_000)]
    lines[45_678] = "w45678 1 2 3"
    with pytest.raises(VectorFormatError, match=r"x\.vec:45680: expected 2 numbers, found 3"):
        read(tmp_path, "\n".join(["50000 2", *lines]) + "\n")


@pytest.mark.parametrize(
    "content",
    [
        "2 2\n" + GOOD,
        "2 2 \na 1 2 \nb 3 4 \n",
        "2 2\r\na 1 2\r\nb 3 4\r\n",
        "\ufeff2 2\n" + GOOD,
        "2 2\na 1 2 \nb 3 4\n",
        "2 2\na +1 2.0e0\nb 3. 4E+00\n",
        GOOD,
        "a 1 2 \nb 3 4 \n",
    ],
    ids=["word2vec", "fastText", "windows", "bom", "mixed", "plus", "glove", "glove-trailing"],
)
def test_the_habits_of_other_writers_are_read(content: str, tmp_path: Path) -> None:
    found = read(tmp_path, content)
    assert found.words == ["a", "b"]
    assert found.matrix.tolist() == [[1, 2], [3, 4]]


def test_numbers_too_small_for_float32_are_zero(tmp_path: Path) -> None:
    found = read(tmp_path, "1 3\na 1e-60 -1e-60 1.5\n")
    assert found.matrix.tolist() == [[0, 0, 1.5]]
    assert np.signbit(found.matrix[0, 1])


def test_an_empty_vocabulary_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, "0 7\n")
    assert (len(found), found.width) == (0, 7)


def test_a_gigantic_line_is_one_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "LONGEST_LINE", 1 << 18)
    with pytest.raises(VectorFormatError, match="a line is longer than 262,144 bytes"):
        read(tmp_path, "2 2\n" + "a" * (1 << 20))


def test_damaged_gzip_is_one_error(tmp_path: Path) -> None:
    import gzip

    whole = bytearray(gzip.compress(b"2 2\n" + GOOD.encode() * 100))
    whole[len(whole) // 2] ^= 0xFF
    with pytest.raises(VectorFormatError, match="gzip stream is|header says|duplicate"):
        read(tmp_path, bytes(whole), "x.vec.gz")


@given(
    st.lists(
        st.lists(
            st.one_of(
                st.floats(width=32).map(repr),
                st.decimals(allow_nan=False, allow_infinity=False).map(str),
                st.sampled_from(["", "1e39", "1e-46", "+1", "-0", "nan", "x"]),
            ),
            min_size=2,
            max_size=2,
        ),
        min_size=1,
        max_size=3,
    )
)
def test_fast_and_slow_reading_agree(rows: list[list[str]]) -> None:
    """Whatever the fast path takes, the careful one takes too, with the same bits."""
    lines = [f"w{number} {' '.join(row)}" for number, row in enumerate(rows)]
    parsed = parse_block("".join(f"{line}\n" for line in lines).encode(), 2)
    if parsed is None:
        return
    for line, word, values in zip(lines, *parsed, strict=True):
        slow_word, slow_values = parse_line(line.encode(), 2)
        assert slow_word == word
        np.testing.assert_array_equal(slow_values.view(np.int32), values.copy().view(np.int32))


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_numbers_are_rounded_once(value: float) -> None:
    """The oracle: a decimal just above the midpoint of two floats rounds up, not to even."""
    below = np.float32(abs(value))
    if below == np.finfo(np.float32).max:
        return
    above = np.nextafter(below, np.float32(np.inf))
    with localcontext(Context(prec=1200)):
        middle = (Decimal(float(below)) + Decimal(float(above))) / 2
        # As a double, this is the middle itself, and would then be rounded to the even neighbour.
        digits = f"{middle * (1 + Decimal(10) ** -30):e}"
    expected = above
    parsed = parse_block(f"w {digits}\n".encode(), 1)
    got = parse_line(f"w {digits}".encode(), 1)[1] if parsed is None else parsed[1][0]
    assert got[0] == expected
    assert parse_line(f"w +{digits}".encode(), 1)[1][0] == expected
