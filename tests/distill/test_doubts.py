"""A teacher that cannot read the text, and a text in another writing than its language's."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.distill.conftest import write_corpus
from tests.teachers import byte_tokenizer, unigram_tokenizer, wordpiece_tokenizer
from x2static.core.languages.script import script_share, scripts_of
from x2static.distill.doubts import case_doubt
from x2static.teacher.legibility import Legibility, PieceMarks
from x2static.teacher.pieces import PieceTable, WordPieces


def distilled(run_cli, corpus: Path, teacher: Path, output: Path) -> tuple[str, dict]:
    code, _, err = run_cli(
        "distill", "--corpus", corpus, "--teacher", teacher, "--output", output, "--device", "cpu",
        "--min-count", 1, "--precision", "fp32",
    )  # fmt: skip
    assert code == 0, err
    return err, json.loads((output / "run.json").read_text())


def test_unknown_pieces_are_counted_and_said(run_cli, teacher_folder, tmp_path):
    corpus = tmp_path / "ko.txt"
    corpus.write_text("the 고양이 sat\nthe 강아지 ran on 집\n", encoding="utf-8")
    err, record = distilled(run_cli, corpus, teacher_folder, tmp_path / "v")
    counts = record["counts"]
    ids = WordPieces(unigram_tokenizer(), "tiny").encode(corpus.read_text().split()).ids
    assert counts["unknown_pieces"] == (ids == 3).sum() == 3
    assert counts["pieces"] == len(ids)
    assert counts["unreadable_share"] == round(3 / len(ids), 4)
    line = next(line for line in err.splitlines() if "cannot read much" in line)
    assert line.startswith(f"warning: {teacher_folder} cannot read much of {corpus}: ")
    assert line.endswith("take a teacher that was trained on this language")


def test_a_legible_text_is_not_warned_of(run_cli, teacher_folder, corpus, tmp_path):
    err, record = distilled(run_cli, corpus, teacher_folder, tmp_path / "v")
    assert "warning" not in err
    assert record["counts"]["unreadable_share"] == 0
    assert "script" not in record


@pytest.mark.parametrize(("unknown", "says"), [(4, False), (5, True), (100, True)])
def test_the_warning_begins_at_five_percent(unknown, says):
    line = Legibility(100, unknown, 0).warning("a.txt", "tiny", "take another")
    assert (line is not None) == says
    assert Legibility(0, 0, 0).warning("a.txt", "tiny", "take another") is None


def test_bytes_count_where_they_are_parts_of_letters():
    tokenizer = byte_tokenizer()
    marks = PieceMarks.of(tokenizer)
    ids = np.array(tokenizer.encode("cat é 고", add_special_tokens=False))
    unknown, parts = marks.count(ids)
    assert not unknown.any()
    assert parts.sum() == 2 + 3  # UTF-8 bytes of the two letters; cat and the spaces are whole
    assert len(PieceMarks.of(wordpiece_tokenizer()).bytes) == 0


def test_sentencepieces_bytes_are_known_by_their_names():
    tokenizer = unigram_tokenizer()
    tokenizer.add_tokens(["<0xE3>", "<0x0A>", "<0xyz>"])
    marks = PieceMarks.of(tokenizer)
    assert tokenizer.convert_ids_to_tokens(marks.bytes.tolist()) == ["<0xE3>", "<0x0A>"]


@pytest.mark.parametrize(
    ("language", "text", "fits"),
    [
        ("ko", "la casa rossa", False),
        ("ko", "고양이가 잔다", True),
        ("ja", "猫がネコを見た", True),
        ("zh", "猫在睡觉", True),
        ("it", "кошка спит", False),
        ("ru", "кошка спит", True),
        ("sr", "мачка spava", True),
        ("el", "η γάτα κοιμάται", True),
        ("hi", "बिल्ली सो रही है", True),
        ("es", "la casa rossa", True),  # the writing alone is judged
    ],
)
def test_writing_against_code(language, text, fits):
    share = script_share(language, [(text, 100)])
    assert share is not None
    assert share.fits is fits


def test_what_cannot_be_judged_is_not():
    assert script_share("ko", [("casa", 2)]) is None  # too few letters
    assert script_share("qqq", [("casa", 1000)]) is None
    assert scripts_of("sr-Latn") == {"LATIN"}
    assert scripts_of("sr") == {"LATIN", "CYRILLIC"}
    assert scripts_of("jv") == {"LATIN", "JAVANESE"}
    assert scripts_of("de") == {"LATIN"}


def test_the_language_that_prepare_was_told_is_judged(run_cli, teacher_folder, tmp_path):
    corpus = write_corpus(tmp_path / "ko.txt", 60)
    record = tmp_path / "ko.txt.run.json"
    record.write_text(json.dumps({"settings": {"language": "ko"}}), encoding="utf-8")
    err, found = distilled(run_cli, corpus, teacher_folder, tmp_path / "v")
    assert (
        f"warning: {corpus}: 0% of its letters are Cjk or Hangul, as ko is written; most are "
        "Latin: is it the text of another language?"
    ) in err
    assert found["script"] == {"language": "ko", "share": 0.0, "mostly": "LATIN"}


PAIRS = ["The the", "Cat cat", "Dog dog", "Sat sat", "Ran ran", "Home home"]


@pytest.mark.parametrize(("lowercases", "case"), [(True, "keep"), (True, "words"), (False, "keep")])
def test_a_lower_casing_teacher_suggests_one_vector_for_both_cases(lowercases, case):
    pieces = WordPieces(wordpiece_tokenizer(), "tiny")
    words = " ".join(PAIRS).split()
    read = [word.lower() for word in words] if lowercases else words
    table = pieces.encode([f"{word} {'x' * len(word)}" for word in read])
    if not lowercases:  # told apart by a piece for each capital
        table = PieceTable(np.arange(len(words), dtype=np.int32), np.arange(len(words) + 1))
    materials = SimpleNamespace(
        index=SimpleNamespace(words=words),
        pieces=table,
        teacher=SimpleNamespace(name="tiny"),
        vocabulary=SimpleNamespace(rows=np.arange(len(words))),
    )
    line = case_doubt(SimpleNamespace(case=case), materials)
    if lowercases and case == "keep":
        assert line == (
            "warning: tiny reads capitals as small letters, but 6 words have a vector for either "
            "(The, the): --case words makes one of both"
        )
    else:
        assert line is None
