"""Sentence pairs from aligned files, tabbed files and keyed texts."""

from __future__ import annotations

import lzma
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from x2static.core.errors import DatasetError
from x2static.core.text.bitext import join_keyed, read_aligned, read_keyed, read_tabbed

keys = st.dictionaries(
    st.text("abc0", min_size=1, max_size=4), st.text("xyz ", min_size=1).filter(str.strip)
)


def save(path: Path, sentences: dict[str, str]) -> Path:
    text = "".join(f"{key}\t{sentences[key]}\n" for key in sorted(sentences))
    if path.suffix == ".xz":
        path.write_bytes(lzma.compress(text.encode()))
    else:
        path.write_text(text, encoding="utf-8", newline="")
    return path


def test_line_i_translates_line_i(write_text) -> None:
    pair = read_aligned(write_text("a", "ein Haus\nzwei\n"), write_text("b", "a house\ntwo\n"))
    assert list(zip(pair.source, pair.target, strict=True)) == [
        ("ein Haus", "a house"),
        ("zwei", "two"),
    ]


def test_files_of_unequal_length_are_refused(write_text) -> None:
    with pytest.raises(DatasetError, match=r"a: 2 sentences, .*b: 1; line i"):
        read_aligned(write_text("a", "ein\nzwei\n"), write_text("b", "one\n"))


def test_an_empty_line_inside_is_refused_with_its_number(write_text) -> None:
    with pytest.raises(DatasetError, match="a:2: empty line"):
        read_aligned(write_text("a", "ein\n\nzwei\n"), write_text("b", "one\ntwo\n"))


def test_tabbed_lines(write_text) -> None:
    pair = read_tabbed(write_text("p.tsv", "ein Haus\ta house\n\nzwei\ttwo\n"))
    assert (pair.source, pair.target) == (["ein Haus", "zwei"], ["a house", "two"])
    with pytest.raises(DatasetError, match=r"q.tsv:2: expected a text, a tab .* found 2 tabs"):
        read_tabbed(write_text("q.tsv", "a\tb\na\tb\tc\n"))


@given(first=keys, second=keys)
def test_a_join_gives_the_keys_that_both_have(tmp_path_factory, first, second) -> None:
    folder = tmp_path_factory.mktemp("join")
    found = list(join_keyed(save(folder / "de.tsv.xz", first), save(folder / "en.tsv", second)))
    assert found == [(key, first[key], second[key]) for key in sorted(first.keys() & second.keys())]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("a\tx\nc\tx\nb\tx\n", "de.tsv:3: key 'b' comes after 'c'"),
        ("a\tx\na\ty\n", "de.tsv:2: key 'a' stands twice"),
        ("a\tx\nb\n", "de.tsv:2: expected a key, a tab and a sentence, found 'b'"),
        ("a\tx\nb\t \n", "de.tsv:2: expected a key"),
        ("\tx\n", "de.tsv:1: expected a key"),
    ],
)
def test_faulty_keys_are_named_by_line(write_text, content: str, why: str) -> None:
    with pytest.raises(DatasetError, match=why):
        list(read_keyed(write_text("de.tsv", content)))
