"""Sentences beyond the teacher's limit are read in parts; no word comes out as zeros."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.distill.conftest import write_corpus
from x2static.core.vector_file import read_vectors
from x2static.distill.readings.corpus_index import build_index, open_index
from x2static.distill.readings.long_sentences import cuts_of, split_long

SIZES = st.lists(st.integers(0, 12), min_size=1, max_size=60)


@given(SIZES, st.integers(1, 15))
def test_parts_fit_hold_every_word_and_are_of_like_length(sizes, room):
    numbers = np.array(sizes)
    parts = np.split(numbers, cuts_of(numbers, room))
    assert np.concatenate(parts).tolist() == sizes
    assert all(len(part) for part in parts)
    assert all(part.sum() <= room or np.count_nonzero(part) == 1 for part in parts)
    if max(sizes) <= room // 3:
        assert len(parts) <= max(1, -(-sum(sizes) // (room - max(sizes) + 1)))
        assert len(parts) == 1 or min(part.sum() for part in parts[:-1]) >= room // 3


def test_a_corpus_without_long_sentences_stays_the_very_same(tmp_path):
    build_index(iter(["a b c", "d e"]), tmp_path / "index")
    index = open_index(tmp_path / "index")
    assert split_long(index, np.ones(5, dtype=np.int32), 3, tmp_path) is index
    assert [path.name for path in tmp_path.iterdir()] == ["index"]


def test_long_sentences_become_several(tmp_path, monkeypatch):
    monkeypatch.setattr("x2static.distill.readings.long_sentences._SENTENCES_AT_ONCE", 2)
    build_index(iter(["a b", "a b c d e f g", "c", "d e f g a", "b"]), tmp_path / "index")
    index = open_index(tmp_path / "index")
    sizes = np.array([1, 1, 1, 2, 1, 1, 1], dtype=np.int32)  # a to g
    for _ in range(2):  # the second time from the file
        parts = split_long(index, sizes, 4, tmp_path)
        assert parts.ends.tolist() == [2, 5, 8, 9, 10, 13, 15, 16]


@pytest.fixture
def long_corpus(tmp_path: Path) -> Path:
    """Common sentences, and one word that stands far beyond the limit of 38 pieces only."""
    path = write_corpus(tmp_path / "tr.txt", 60)
    sentence = " ".join(["the cat sat on the mat"] * 12) + " zyx zyx ran\n"
    path.write_text(path.read_text() + sentence, encoding="utf-8")
    return path


def arguments(corpus: Path, teacher: Path, output: Path) -> list[object]:
    return [
        "distill", "--corpus", corpus, "--teacher", teacher, "--output", output, "--device", "cpu",
        "--min-count", 2, "--precision", "fp32",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "extra",
    [
        (),
        ("--method", "aggregate"),
        ("--method", "aggregate", "--cache", "on"),
        ("--solver", "sampled", "--epochs", 2, "--threshold", 0),
    ],
    ids=["closed", "aggregate", "aggregate-cache", "sampled"],
)
def test_a_word_beyond_the_limit_gets_a_vector(
    run_cli, long_corpus, teacher_folder, tmp_path, extra
):
    code, _, err = run_cli(*arguments(long_corpus, teacher_folder, tmp_path / "v"), *extra)
    assert code == 0, err
    vectors = read_vectors(tmp_path / "v")
    assert "zyx" in vectors.words
    assert np.abs(vectors.matrix).sum(axis=1).min() > 0
    counts = json.loads((tmp_path / "v" / "run.json").read_text())["counts"]
    assert counts["sentences_in_parts"] >= 1
    assert counts["words_left_out"] == {}
    assert counts["sentences"] == 61
    assert all(one["cut_words"] == 0 for one in counts["passes"].values())


def test_readings_of_another_cut_are_not_taken_for_these(
    run_cli, long_corpus, teacher_folder, tmp_path
):
    base = arguments(long_corpus, teacher_folder, tmp_path / "v")
    given = [*base, "--method", "aggregate", "--cache", "on", "--cache-folder", tmp_path / "cache"]
    for overwrite in ([], ["--overwrite"]):
        code, _, err = run_cli(*given, *overwrite)
        assert code == 0, err
    assert len(list((tmp_path / "cache").iterdir())) == 1


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        ((), "too_long"),
        (("--method", "aggregate"), "too_long"),
        (("--method", "decontextual"), "too_long"),
        (("--solver", "sampled", "--threshold", 0), "too_long"),
        (("--own-weight", 0), "without_context"),
    ],
    ids=["closed", "aggregate", "decontextual", "sampled", "contexts-only"],
)
def test_a_word_without_a_vector_is_left_out_and_counted(
    run_cli, teacher_folder, tmp_path, extra, reason
):
    corpus = write_corpus(tmp_path / "tr.txt", 60)
    odd = "x" * 60 if reason == "too_long" else "zyx"
    line = f"the {odd} sat\n" if reason == "too_long" else f"{odd}\n"
    corpus.write_text(corpus.read_text() + line * 3, encoding="utf-8")
    code, _, err = run_cli(
        *arguments(corpus, teacher_folder, tmp_path / "v"), *extra, "--postprocess", "center"
    )
    assert code == 0, err
    assert "warning: words without a vector left out: 1 " in err
    vectors = read_vectors(tmp_path / "v")
    assert odd not in vectors.words
    counts = json.loads((tmp_path / "v" / "run.json").read_text())["counts"]
    assert counts["words_left_out"] == {reason: 1}
    assert counts["vocabulary"] == len(vectors)
