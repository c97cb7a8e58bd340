"""Every format read back, whatever the words and numbers; what is refused, and with which line."""

from __future__ import annotations

import gzip
import re
import resource
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from x2static.core.errors import ConfigError, OutputError, VectorFormatError
from x2static.core.formats import text
from x2static.core.storage.files import staged
from x2static.core.vector_file import Format, read_vectors, write_vectors
from x2static.core.vectors import WordVectors

LEGAL = st.characters(blacklist_categories=["Cs"], blacklist_characters="\0\t\n\v\f\r ")
WORDS = st.text(LEGAL, min_size=1, max_size=5)
FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False, allow_subnormal=True)
NAMES = {
    "word2vec": "x.vec", "word2vec-binary": "x.bin", "gensim": "x.kv", "glove": "x.txt",
    "safetensors": "x",
}  # fmt: skip
# Those that any vectors can be written in; a fastText file needs a composer.
FREE = [name for name in get_args(Format) if name != "fasttext"]
READABLE = sorted(NAMES)


@st.composite
def word_vectors(draw: st.DrawFn, least: int = 0) -> WordVectors:
    words = draw(st.lists(WORDS, unique=True, min_size=least, max_size=6))
    width = draw(st.integers(1, 5))
    matrix = draw(hnp.arrays(np.float32, (len(words), width), elements=FLOATS))
    return WordVectors(words, matrix)


def assert_same(found: WordVectors, expected: WordVectors) -> None:
    assert list(found.words) == list(expected.words)
    assert found.matrix.dtype == np.float32
    # Bits, not values: -0.0 is not 0.0 here.
    np.testing.assert_array_equal(found.matrix.view(np.int32), expected.matrix.view(np.int32))


def is_ambiguous(vectors: WordVectors) -> bool:
    """Whether a file without header would seem to be empty or to have one."""
    if not len(vectors):
        return True
    word, number = vectors.words[0].removeprefix("\ufeff"), vectors.matrix[0, 0]
    is_whole = number.is_integer() and 0 <= number < 1e9 and not np.signbit(number)
    return vectors.width == 1 and bool(is_whole) and re.fullmatch("[0-9]{1,18}", word) is not None


@pytest.fixture
def toy() -> WordVectors:
    matrix = np.array([[0.1, -0.0], [1e-45, 3.4028235e38], [-1.5, 2]], dtype=np.float32)
    return WordVectors(["Haus", "z\u00a0B.", "猫"], matrix, np.array([9, 5, 1]))


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("format_name", READABLE)
@given(vectors=word_vectors())
def test_every_format_gives_back_the_same_bits(
    format_name: Any, suffix: str, vectors: WordVectors, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if suffix and format_name not in ("word2vec", "glove"):
        return
    path = tmp_path_factory.mktemp("vectors") / (NAMES[format_name] + suffix)
    if format_name == "glove" and is_ambiguous(vectors):
        with pytest.raises(VectorFormatError, match="use --format word2vec"):
            write_vectors(vectors, path, format_name)
        return
    write_vectors(vectors, path, format_name)
    assert_same(read_vectors(path, allow_pickle=True), vectors)


@given(vectors=word_vectors(least=1))
def test_text_without_a_known_suffix_is_not_taken_for_binary(
    vectors: WordVectors, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("vectors") / "word2vec.en"
    write_vectors(vectors, path, "word2vec")
    assert_same(read_vectors(path), vectors)


@pytest.mark.parametrize("format_name", ["safetensors", "gensim"])
def test_counts_survive(format_name: Any, toy: WordVectors, tmp_path: Path) -> None:
    write_vectors(toy, tmp_path / "x", format_name)
    found = read_vectors(tmp_path / "x", allow_pickle=True)
    assert found.counts is not None
    assert found.counts.tolist() == [9, 5, 1]


def test_many_rows_cross_the_blocks_in_order(tmp_path: Path, rng: np.random.Generator) -> None:
    matrix = rng.standard_normal((30_000, 20)).astype(np.float32)
    vectors = WordVectors([f"w{row}" for row in range(len(matrix))], matrix)
    for format_name in ("word2vec", "glove", "word2vec-binary"):
        path = tmp_path / NAMES[format_name]
        write_vectors(vectors, path, format_name)  # type: ignore[arg-type]
        assert_same(read_vectors(path), vectors)
        assert_same(read_vectors(path, limit=12_345), vectors.head(12_345))
    (tmp_path / "x.vec").write_bytes(
        (tmp_path / "x.vec").read_bytes().replace(b"\nw29999 ", b"\nw17 ")
    )
    with pytest.raises(VectorFormatError, match=r"x\.vec:30001: duplicate word 'w17' .*line 19\)"):
        read_vectors(tmp_path / "x.vec")


@pytest.mark.parametrize("format_name", READABLE)
def test_limit_takes_the_first_rows(format_name: Any, toy: WordVectors, tmp_path: Path) -> None:
    path = tmp_path / NAMES[format_name]
    write_vectors(toy, path, format_name)
    assert_same(read_vectors(path, limit=2, allow_pickle=True), toy.head(2))
    assert_same(read_vectors(path, limit=99, allow_pickle=True), toy)


def test_limit_leaves_the_rest_of_the_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, taken = text.line_blocks, []

    def counted(*arguments: Any) -> Iterator[bytes]:
        for block in whole(*arguments):
            taken.append(len(block))
            yield block

    monkeypatch.setattr(text, "line_blocks", counted)
    path = tmp_path / "long.vec"
    lines = [f"{1_000_000} 2", *(f"w{row} 1 2" for row in range(100_000))]
    path.write_text("\n".join(lines) + "\n\xff broken", encoding="latin-1")
    assert len(read_vectors(path, limit=500)) == 500
    assert sum(taken) <= 1 << 16 < path.stat().st_size
    with pytest.raises(ConfigError, match="limit must be at least 1, got 0"):
        read_vectors(path, limit=0)


def test_text_is_what_other_readers_expect(toy: WordVectors, tmp_path: Path) -> None:
    write_vectors(toy, tmp_path / "x.vec", "word2vec")
    expected = "3 2\nHaus 0.1 -0\nz\u00a0B. 1e-45 3.4028235e+38\n猫 -1.5 2\n"
    assert (tmp_path / "x.vec").read_bytes() == expected.encode()
    write_vectors(toy, tmp_path / "g.txt", "glove")
    assert (tmp_path / "g.txt").read_bytes() == expected.encode().split(b"\n", 1)[1]


def test_the_same_vectors_give_the_same_gzip_bytes(
    toy: WordVectors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", count(1_000_000).__next__)
    for name in ("a.vec.gz", "b.vec.gz"):
        write_vectors(toy, tmp_path / name, "word2vec")
    assert (tmp_path / "a.vec.gz").read_bytes() == (tmp_path / "b.vec.gz").read_bytes()


@pytest.mark.parametrize(
    ("format_name", "is_binary"), [("word2vec", False), ("word2vec-binary", True)]
)
@given(vectors=word_vectors(least=1))
def test_gensim_reads_the_same_numbers(
    format_name: Any,
    is_binary: bool,
    vectors: WordVectors,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    from gensim.models import KeyedVectors

    path = tmp_path_factory.mktemp("vectors") / "x"
    write_vectors(vectors, path, format_name)
    found = KeyedVectors.load_word2vec_format(str(path), binary=is_binary)
    assert_same(WordVectors(found.index_to_key, found.vectors), vectors)


@pytest.mark.parametrize("is_binary", [False, True])
def test_what_gensim_writes_is_read(is_binary: bool, toy: WordVectors, tmp_path: Path) -> None:
    from gensim.models import KeyedVectors

    keyed = KeyedVectors(2)
    keyed.add_vectors(list(toy.words), toy.matrix)
    path = tmp_path / ("x.bin" if is_binary else "x.vec")
    keyed.save_word2vec_format(str(path), binary=is_binary)
    assert_same(read_vectors(path), toy)


@pytest.mark.parametrize(
    "word", ["", "two words", "tab\t", "line\n", "cr\r", "\v", "\f", "\0", "\ud800"]
)
@pytest.mark.parametrize("format_name", [*READABLE, "static-embedding"])
def test_illegal_words_are_refused(format_name: Any, word: str, tmp_path: Path) -> None:
    vectors = WordVectors(["good", word], np.ones((2, 2), np.float32))
    with pytest.raises(VectorFormatError, match="row 2: "):
        write_vectors(vectors, tmp_path / "x", format_name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("format_name", FREE)
def test_what_no_reader_could_use_is_refused(format_name: Any, tmp_path: Path) -> None:
    two = np.ones((2, 2), np.float32)
    for bad in (np.nan, np.inf, -np.inf):
        matrix = two.copy()
        matrix[1, 0] = bad
        with pytest.raises(VectorFormatError, match=r"row 2 \('b'\) holds NaN or infinity"):
            write_vectors(WordVectors(["a", "b"], matrix), tmp_path / "x", format_name)
    with pytest.raises(VectorFormatError, match=r"row 2: duplicate word 'a' \(first in row 1\)"):
        write_vectors(WordVectors(["a", "a"], two), tmp_path / "x", format_name)
    with pytest.raises(VectorFormatError, match="width 0"):
        write_vectors(WordVectors(["a"], np.ones((1, 0), np.float32)), tmp_path / "x", format_name)
    assert list(tmp_path.iterdir()) == []


def test_a_headerless_file_that_would_lie_is_refused(tmp_path: Path) -> None:
    vectors = WordVectors(["12"], np.full((1, 1), 5, np.float32))
    with pytest.raises(VectorFormatError, match="first line '12 5' would be read as a header"):
        write_vectors(vectors, tmp_path / "x.txt", "glove")
    with pytest.raises(VectorFormatError, match="cannot hold 0 words"):
        write_vectors(vectors.head(0), tmp_path / "x.txt", "glove")


def test_options_that_do_not_fit_are_refused(toy: WordVectors, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="word2vec holds float32"):
        write_vectors(toy, tmp_path / "x.vec", "word2vec", dtype="float16")
    with pytest.raises(ConfigError, match=r"\.bin would be read as binary"):
        write_vectors(toy, tmp_path / "x.bin.gz", "word2vec")
    with pytest.raises(VectorFormatError, match=r"leave out \.gz"):
        write_vectors(toy, tmp_path / "x.gz", "gensim")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.vec", "missing.vec: no such file or folder"),
        ("folder", r"folder: no vectors in this folder \(no vectors.safetensors\)"),
        ("empty.vec", "empty.vec: the file is empty"),
        ("static", "static: static-embedding is written only"),
    ],
)
def test_places_without_vectors_say_so(
    name: str, message: str, tmp_path: Path, toy: WordVectors
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty.vec").touch()
    write_vectors(toy, tmp_path / "static", "static-embedding")
    with pytest.raises(VectorFormatError, match=message):
        read_vectors(tmp_path / name)


@pytest.mark.parametrize(
    ("format_name", "is_gzip"),
    [("word2vec", False), ("word2vec", True), ("word2vec-binary", False),
     ("word2vec-binary", True), ("safetensors", False)],
)  # fmt: skip
def test_no_truncation_goes_unnoticed(
    format_name: Any, is_gzip: bool, toy: WordVectors, tmp_path: Path
) -> None:
    path = tmp_path / NAMES[format_name]
    write_vectors(toy, path, format_name)
    if format_name == "safetensors":
        path = path / "vectors.safetensors"
    whole = path.read_bytes()
    whole = gzip.compress(whole, mtime=0) if is_gzip else whole
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(VectorFormatError) as caught:
            read_vectors(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)
    path.write_bytes(whole)
    assert_same(read_vectors(path), toy)


def test_a_cut_headerless_file_never_gives_a_wrong_row(toy: WordVectors, tmp_path: Path) -> None:
    """Without a header a cut between two lines cannot be seen; what is read is right."""
    path = tmp_path / "x.txt"
    write_vectors(toy, path, "glove")
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        try:
            found = read_vectors(path)
        except VectorFormatError:
            continue
        assert whole[:size].endswith(b"\n")
        assert_same(found, toy.head(len(found)))


@pytest.mark.parametrize("format_name", ["word2vec", "word2vec-binary"])
@given(data=st.data())
def test_a_damaged_byte_never_ends_in_a_traceback(
    format_name: Any, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("vectors") / NAMES[format_name]
    matrix = np.array([[0.25, -3], [1, 2]], np.float32)
    write_vectors(WordVectors(["ab", "猫"], matrix), path, format_name)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    for on_error in ("raise", "skip"):
        found = attempt(path, on_error)
        assert np.isfinite(found.matrix).all()
        assert len(set(found.words)) == len(found)


def attempt(path: Path, on_error: Any) -> WordVectors:
    """What can be read; nothing where the file is refused in one line."""
    try:
        return read_vectors(path, on_error=on_error)
    except VectorFormatError as error:
        if "\n" in str(error):
            raise
        return WordVectors([], np.empty((0, 1), np.float32))


def test_skipping_counts_and_reports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.vec"
    path.write_bytes(b"9 2\na 1 2\nb 1\nc 1 x\nd nan 2\na 3 4\n\xff 1 2\n 1 2\n\ne 5 6\nf 7 8")
    skipped: Counter[str] = Counter()
    found = read_vectors(path, on_error="skip", skipped=skipped)
    assert_same(found, WordVectors(["a", "e"], np.array([[1, 2], [5, 6]], np.float32)))
    assert skipped == {
        "wrong width": 1, "not a number": 1, "not finite": 1, "duplicate word": 1, "bad UTF-8": 1,
        "empty word": 1, "empty line": 1, "truncated": 1, "header count": 1,
    }  # fmt: skip
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"warning: {path}: left out: 1 wrong width, ")


def test_skipping_everything_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.vec").write_text("1 2\na 1\n")
    with pytest.raises(VectorFormatError, match="no row could be used: wrong width"):
        read_vectors(tmp_path / "x.vec", on_error="skip")


@pytest.mark.parametrize("format_name", FREE)
def test_a_full_disk_leaves_nothing_and_keeps_the_old_file(
    format_name: Any, toy: WordVectors, tmp_path: Path
) -> None:
    path = tmp_path / NAMES.get(format_name, "x")
    write_vectors(toy, path, format_name)
    before = _contents(tmp_path)
    with full_disk():
        for target, changed in ((path, toy.head(2)), (tmp_path / "new", toy)):
            with pytest.raises(OutputError, match="File too large; nothing was written"):
                write_vectors(changed, target, format_name, stage=partial(staged, own=True))
    assert _contents(tmp_path) == before


def _contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@contextmanager
def full_disk() -> Iterator[None]:
    """Let every file take 16 bytes and no more: the system's own limit stands in for the disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_folder_that_forbids_writing_is_one_line(toy: WordVectors, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for format_name in FREE:
        with pytest.raises(OutputError, match=r"file.*(Not a directory|File exists)"):
            write_vectors(toy, tmp_path / "file" / "x", format_name)


def test_symbolic_links_are_followed(toy: WordVectors, tmp_path: Path) -> None:
    write_vectors(toy, tmp_path / "real", "safetensors")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert_same(read_vectors(tmp_path / "link"), toy)
    write_vectors(toy, tmp_path / "x.vec", "word2vec")
    (tmp_path / "link.vec").symlink_to(tmp_path / "x.vec")
    assert_same(read_vectors(tmp_path / "link.vec"), toy)
    (tmp_path / "broken.vec").symlink_to(tmp_path / "nowhere")
    with pytest.raises(VectorFormatError, match="no such file"):
        read_vectors(tmp_path / "broken.vec")
