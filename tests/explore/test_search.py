"""Answers are those of an exact search."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile.parts import native, not_a_number
from x2static.core.errors import VectorFormatError
from x2static.core.neighbors import top_k
from x2static.core.normalize import unit
from x2static.core.storage.files import staged
from x2static.core.vector_file import write_vectors
from x2static.core.vectors import WordVectors
from x2static.explore import indexes as indexes_module
from x2static.explore.code_shelf import CodeShelf, identity
from x2static.explore.exact import nearest
from x2static.explore.explorer import Explorer, Unknown
from x2static.explore.huge_pages import use_huge_pages
from x2static.explore.indexes import Indexes
from x2static.explore.language import LanguageVectors
from x2static.explore.shortlist import Codes, make_codes, random_rotation
from x2static.explore.spaces import find_spaces
from x2static.explore.word_list import WordList

WORDS = st.lists(
    st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0\t\n\v\f\r "), min_size=1
    ),
    unique=True,
    min_size=1,
)


@given(WORDS)
def test_words_are_found_where_they_are(words: list[str]) -> None:
    found = WordList("\n".join(words).encode())
    assert len(found) == len(words)
    assert [found[row] for row in range(len(words))] == words
    assert [found.row(word) for word in words] == list(range(len(words)))
    assert found.row("".join(words) + "x") is None


def test_beginnings_are_found_most_frequent_first() -> None:
    words = WordList("the\nthere\nanother\nthen\nèthe".encode())
    assert words.beginning_with("the", 2) == ["the", "there"]
    assert words.beginning_with("the", 9) == ["the", "there", "then"]
    assert words.beginning_with("", 9) == words.beginning_with("e\nt", 9) == []
    assert WordList(b"").row("x") is None
    assert len(WordList(b"")) == 0


@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_exact_answers_are_those_of_the_reference(
    tmp_path: Path, rng: np.random.Generator, precision: str
) -> None:
    matrix = rng.standard_normal((9000, 10)).astype(np.float32) * rng.uniform(0.1, 9, (9000, 1))
    matrix = matrix.astype(np.float16).astype(np.float32)
    matrix[5] = 0
    matrix[17] = matrix[3]
    words = [f"w{row}" for row in range(len(matrix))]
    vectors = WordVectors(words, matrix)
    write_vectors(vectors, tmp_path / "v", "safetensors", dtype=precision)  # type: ignore[arg-type]
    language = LanguageVectors("v", tmp_path / "v")
    for row in (3, 100, 8999):
        expected, scores = top_k(unit(matrix[[row]]), unit(matrix), 11)
        found = nearest(language, language.unit_row(row), 10, without=row)
        kept = [column for column in expected[0].tolist() if column != row][:10]
        assert found.rows.tolist() == kept
        by_row = dict(zip(expected[0].tolist(), scores[0].tolist(), strict=True))
        assert np.allclose(found.cosines, [by_row[column] for column in kept])


@pytest.fixture
def clustered(tmp_path: Path, rng: np.random.Generator) -> Path:
    """6,000 words in clusters, 48 wide, in two languages of one space."""
    centers = rng.standard_normal((300, 48)).astype(np.float32)
    for name in ("aa", "bb"):
        matrix = centers[rng.integers(0, 300, 6000)] * 0.7
        matrix += rng.standard_normal(matrix.shape).astype(np.float32)
        words = [f"{name}{row}" for row in range(6000)]
        write_vectors(WordVectors(words, matrix), tmp_path / "s" / name, "safetensors")
    return tmp_path / "s"


def test_short_lists_hold_what_an_exact_search_finds(
    clustered: Path, open_explorer: Callable[..., Explorer]
) -> None:
    explorer = open_explorer(clustered, "shortlist")
    same = total = 0
    for row in range(0, 6000, 200):
        answers = [
            explorer.look_up("vectors", "aa", f"aa{row}", [], 10, is_exact=is_exact)["results"]
            for is_exact in (False, True)
        ]
        for quick, exact in zip(*answers, strict=True):
            assert (quick["exact"], exact["exact"]) == (False, True)
            wanted = {(one["word"], one["cosine"]) for one in exact["neighbors"]}
            same += len(wanted & {(one["word"], one["cosine"]) for one in quick["neighbors"]})
            total += len(wanted)
    assert total == 600
    assert same / total >= 0.97
    shown = explorer.overview()["spaces"][0]["languages"][0]
    assert shown["recall"] >= 0.99


def test_codes_are_kept_and_made_anew_when_the_vectors_change(
    clustered: Path,
    open_explorer: Callable[..., Explorer],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[str] = []

    def counted(language: LanguageVectors, *rest: object) -> Codes:
        made.append(language.name)
        return make_codes(language, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(indexes_module, "make_codes", counted)
    first = open_explorer(clustered, "shortlist").look_up("vectors", "aa", "aa7", [], 5)
    again = open_explorer(clustered, "shortlist").look_up("vectors", "aa", "aa7", [], 5)
    assert sorted(made) == ["aa", "bb"]
    assert again["results"] == first["results"]
    (tmp_path / "codes/vectors.aa.safetensors").write_bytes(b"damaged")
    changed = LanguageVectors("bb", clustered / "bb")
    words = [changed.words[row] for row in range(6000)]
    write_vectors(
        WordVectors(words, -np.array(changed.matrix)),
        clustered / "bb",
        "safetensors",
        stage=partial(staged, own=True),
    )
    open_explorer(clustered, "shortlist")
    assert sorted(made) == ["aa", "aa", "bb", "bb"]


def test_a_question_waits_for_codes_on_disk_but_not_for_their_making(
    clustered: Path, open_explorer: Callable[..., Explorer], tmp_path: Path
) -> None:
    def first_answer() -> dict[str, bool]:
        spaces = find_spaces(clustered)
        explorer = Explorer(spaces, Indexes(spaces, "shortlist", CodeShelf(tmp_path / "codes")))
        results = explorer.look_up("vectors", "aa", "aa7", [], 5)["results"]
        return {one["language"]: one["exact"] for one in results}

    assert first_answer() == {"aa": True, "bb": True}
    open_explorer(clustered, "shortlist")
    assert first_answer() == {"aa": False, "bb": False}
    (tmp_path / "codes/vectors.bb.safetensors").unlink()
    assert first_answer() == {"aa": False, "bb": True}


def test_memory_is_the_same_in_huge_pages(rng: np.random.Generator) -> None:
    numbers = rng.integers(0, 256, 9_000_001, dtype=np.uint8)
    before = numbers.copy()
    use_huge_pages(numbers.ctypes.data + 1, numbers.nbytes - 1)
    assert np.array_equal(numbers, before)
    assert not use_huge_pages(numbers.ctypes.data, 100)


def test_codes_of_another_shape_are_not_used(clustered: Path, tmp_path: Path) -> None:
    language, rotation = LanguageVectors("aa", clustered / "aa"), random_rotation(48)
    assert np.allclose(rotation @ rotation.T, np.eye(48), atol=1e-5)
    shelf = CodeShelf(tmp_path / "shelf")
    codes = make_codes(language, rotation)
    shelf.save("s", language, rotation, Codes(codes.codes[:-1], codes.centers, 50, 1.0))
    assert shelf.load("s", language, rotation) is None
    assert identity(language, rotation) != identity(
        LanguageVectors("bb", clustered / "bb"), rotation
    )


def test_a_language_that_cannot_be_read_does_not_stop_the_others(
    folder: Path, open_explorer: Callable[..., Explorer]
) -> None:
    (folder / "aligned/xx").mkdir()
    (folder / "aligned/xx/vectors.safetensors").write_bytes(b"\0" * 99)
    write_vectors(
        WordVectors(["a"], np.ones((1, 3), dtype=np.float32)), folder / "aligned/yy.vec", "word2vec"
    )
    explorer = open_explorer(folder)
    found = explorer.look_up("after", "de", "de30", [], 1)["results"]
    by_name = {one["language"]: one for one in found}
    assert by_name["en"]["neighbors"][0]["word"] == "en30"
    assert "no safetensors file" in by_name["xx"]["error"]
    assert "3 wide" in by_name["yy"]["error"]
    with pytest.raises(Unknown, match="'nothing' is not among the 400 words of de"):
        explorer.look_up("after", "de", "nothing", [], 1)


def test_numbers_that_are_none_are_said_and_do_not_stop_the_others(
    folder: Path, open_explorer: Callable[..., Explorer]
) -> None:
    (folder / "aligned/xx").mkdir()
    damaged = native(width=12, change=not_a_number)  # a native folder is mapped, not checked
    (folder / "aligned/xx/vectors.safetensors").write_bytes(damaged)
    explorer = open_explorer(folder)
    line = "xx: row 3 .* holds NaN"
    found = explorer.look_up("after", "de", "de30", [], 1)["results"]
    by_name = {one["language"]: one for one in found}
    assert by_name["en"]["neighbors"][0]["word"] == "en30"
    assert re.search(line, by_name["xx"]["error"])
    with pytest.raises(VectorFormatError, match=line):
        explorer.look_up("after", "xx", "three", [], 1)
    with pytest.raises(VectorFormatError, match=line):
        explorer.word_list("after", "de", "xx", 5)


def test_links_out_of_the_folder_and_files_without_vectors_are_left_out(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "away").symlink_to(folder / "aligned/de")
    (folder / "aligned/de").rename(tmp_path / "elsewhere")
    (folder / "aligned/de").symlink_to(tmp_path / "elsewhere")
    (folder / "aligned/de.map.safetensors").write_bytes(b"x")
    (folder / "aligned/notes.txt").write_text("x")
    before, after = find_spaces(folder)
    assert list(after.places) == ["en"]
    assert list(before.places) == ["de", "en"]
    assert "the link leads out of" in capsys.readouterr().err
