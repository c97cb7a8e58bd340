"""Opening text: compression, folders, standard input, broken files, bad and overlong lines."""

from __future__ import annotations

import gzip
import io
import lzma
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from x2static.core.errors import CorpusError
from x2static.core.storage.files import sha256
from x2static.core.text import text_input
from x2static.core.text.text_input import STDIN, LineReader, decode_lines

PACK: dict[str, Callable[[bytes], bytes]] = {
    "": lambda data: data,
    ".gz": gzip.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.ZstdCompressor().compress,
}


def read_lines(path: Path, **options: object) -> list[str]:
    return [
        line
        for block in LineReader(path, **options)  # type: ignore[arg-type]
        for line in decode_lines(block).split("\n")
    ]


@pytest.mark.parametrize("suffix", PACK)
@pytest.mark.parametrize("keeps_suffix", [True, False])
def test_compression_is_undone_with_and_without_its_suffix(
    tmp_path: Path, suffix: str, keeps_suffix: bool
) -> None:
    path = tmp_path / ("text" + (suffix if keeps_suffix else ""))
    path.write_bytes(PACK[suffix]("eins\nzwei größer\n\nvier".encode()))
    assert read_lines(path) == ["eins", "zwei größer", "", "vier"]


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_several_compressed_pieces_in_one_file_are_read_on(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"text{suffix}"
    path.write_bytes(PACK[suffix](b"one\n") + PACK[suffix](b"two\n"))
    assert read_lines(path) == ["one", "two"]


@pytest.mark.parametrize("suffix", [".gz", ".xz", ".zst"])
def test_a_cut_off_file_is_named(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"text{suffix}"
    data = PACK[suffix](os.urandom(5000).hex().encode())
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(CorpusError, match=rf"text\{suffix}: broken compressed data"):
        read_lines(path)


@pytest.mark.parametrize("suffix", [".gz", ".xz", ".zst"])
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"text{suffix}"
    path.write_bytes(b"plain words that nobody compressed")
    with pytest.raises(CorpusError, match=rf"text\{suffix}: broken compressed data"):
        read_lines(path)


def test_a_folder_is_read_in_sorted_order_without_hidden_files(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "b.txt").write_text("b")
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(b"a\n"))
    (tmp_path / "sub" / "c.txt").write_text("c\n")
    (tmp_path / ".hidden").write_text("no")
    assert read_lines(tmp_path) == ["a", "b", "c"]


def test_fingerprints_are_those_of_the_whole_input(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.gz").write_bytes(gzip.compress(b"a\n"))
    (folder / "b").write_bytes(b"b\n")
    for path in (folder, folder / "a.gz"):
        reader = LineReader(path)
        list(reader)
        assert reader.fingerprints[str(path)]["sha256"] == sha256(path)
        assert reader.bytes_read == reader.bytes_total


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(b"x\ny\n"))
    monkeypatch.setattr("sys.stdin", stdin)
    reader = LineReader(STDIN)
    assert reader.bytes_total is None
    assert [decode_lines(block) for block in reader] == ["x\ny"]


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "bom.txt"
    path.write_bytes(b"\xef\xbb\xbfa\n\xef\xbb\xbfb")
    assert read_lines(path) == ["a", "\ufeffb"]


@pytest.mark.parametrize("block_bytes", [3, 7, 1 << 20])
def test_bad_utf8_is_named_by_file_and_line(tmp_path: Path, block_bytes: int) -> None:
    path = tmp_path / "bad.txt"
    path.write_bytes(b"eins\nzwei\ndr\xffei\nvier\n")
    with pytest.raises(CorpusError, match=r"bad\.txt:3: not UTF-8 \(byte 0xff"):
        read_lines(path, block_bytes=block_bytes)


def test_utf16_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "wide.txt"
    path.write_bytes("hello\n".encode("utf-16"))
    with pytest.raises(CorpusError, match="UTF-16: iconv"):
        read_lines(path)


def test_an_overlong_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_bytes(b"ok\n" + b"x" * 100 + b"\nok\n")
    with pytest.raises(CorpusError, match=r"long\.txt:2: a line of more than 50 bytes"):
        read_lines(path, max_line_bytes=50, block_bytes=16)


def test_missing_empty_and_unreadable_inputs_are_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no such file or folder"):
        LineReader(tmp_path / "nothing")
    with pytest.raises(CorpusError, match="the folder holds no file"):
        LineReader(tmp_path)
    path = tmp_path / "locked"
    path.write_text("x")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(CorpusError, match="locked: Permission denied"):
        read_lines(path)


@given(
    lines=st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"")), max_size=30),
    block_bytes=st.integers(1, 40),
    max_line_bytes=st.integers(1, 40),
    ends_with_newline=st.booleans(),
)
def test_blocks_hold_every_line_once_and_overlong_ones_empty(
    tmp_path_factory: pytest.TempPathFactory,
    lines: list[bytes],
    block_bytes: int,
    max_line_bytes: int,
    ends_with_newline: bool,
) -> None:
    path = tmp_path_factory.mktemp("blocks") / "text"
    text = b"\n".join(lines) + (b"\n" if lines and ends_with_newline else b"")
    text = b"plain\n" + text  # so that the first bytes are no compressed file's and no mark's
    path.write_bytes(text)
    expected = text.split(b"\n")
    if text.endswith(b"\n"):
        expected.pop()
    found: list[bytes] = []
    num_overlong = 0
    reader = LineReader(
        path, on_error="skip", block_bytes=block_bytes, max_line_bytes=max_line_bytes
    )
    for block in reader:
        assert block.first_line == len(found) + 1
        found += block.data.split(b"\n")
        num_overlong += block.num_overlong
        assert len(block.data) <= block_bytes + max_line_bytes + 1
    assert found == [b"" if len(line) > max_line_bytes else line for line in expected]
    assert num_overlong == sum(len(line) > max_line_bytes for line in expected)


def test_what_is_skipped_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_input, "_LONGEST_SKIPPED", 5_000)
    (tmp_path / "t").write_bytes(b"ok\n" + b"x" * 9_000 + b"\nok\n")
    with pytest.raises(CorpusError, match="t:2: a line of more than 5,000 bytes; this is no text"):
        read_lines(tmp_path / "t", on_error="skip", max_line_bytes=100, block_bytes=512)
    (tmp_path / "t").write_bytes(b"ok\n" + b"x" * 4_000 + b"\nok\n")
    lines = read_lines(tmp_path / "t", on_error="skip", max_line_bytes=100, block_bytes=512)
    assert lines == ["ok", "", "ok"]


def test_blank_lines_without_end_are_no_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_input, "_MOST_BLANK", 5_000)
    (tmp_path / "t").write_bytes((b"\n" * 4_000 + b"text\n") * 9)
    assert len(read_lines(tmp_path / "t", block_bytes=512)) == 9 * 4_001
    (tmp_path / "t").write_bytes(b"\n \r\n" * 4_000)
    with pytest.raises(CorpusError, match="bytes of blank lines in a row; this is no text"):
        read_lines(tmp_path / "t", block_bytes=512)
