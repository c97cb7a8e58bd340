"""Arabic and Hebrew clitics: cut where the letters tell, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from x2static.prepare.chunk import ChunkPlan, ChunkProcessor
from x2static.prepare.clitics import clitics
from x2static.prepare.config import RULES
from x2static.prepare.tokenizers.interface import TokenizerPlan


@pytest.mark.parametrize(
    ("language", "sentence", "cut"),
    [
        ("ar", "قرأ الكتاب والقلم .", "قرأ الكتاب و القلم ."),
        ("ar", "وبالكتاب فالطالب كالقمر بالمدرسة", "و ب الكتاب ف الطالب ك القمر ب المدرسة"),
        ("ar", "للكتاب وللطالب", "ل الكتاب و ل الطالب"),
        ("ar", "والده والدين بالغين وجد بال لله", "والده والدين بالغين وجد بال لله"),
        ("ar", "كاليفورنيا وكتاب", "كاليفورنيا وكتاب"),
        ("ar", "فالت أحوالهما ظللونا", "فالت أحوالهما ظللونا"),
        ("he", "וספר והבית שהבית ושהבית כשהילד", "ו ספר ו הבית ש הבית ו ש הבית כש הילד"),
        ("he", "חורבות", "חורבות"),
        ("he", "ועדה ורד שלום שהם וכל ויקיפדיה", "ועדה ורד שלום שהם וכל ויקיפדיה"),
    ],
)  # fmt: skip
def test_clitics_are_cut_where_letters_tell(language: str, sentence: str, cut: str) -> None:
    rule = clitics(language)
    assert rule is not None
    assert rule(sentence) == cut
    assert rule(cut) == cut  # text prepared again is the same


def test_other_languages_have_no_rule() -> None:
    assert clitics("fa") is None
    assert clitics("de") is None


@pytest.mark.parametrize(("splits", "words"), [(True, "קראתי ו ספר"), (False, "קראתי וספר")])
def test_sentences_are_cut_only_when_asked(splits: bool, words: str) -> None:
    plan = ChunkPlan(
        tokenizer=TokenizerPlan(name="icu", language="he"), rules=RULES["all"],
        splits_clitics=splits,
    )  # fmt: skip
    found = ChunkProcessor(ChunkPlan.from_json(plan.to_json())).process("קראתי וספר".encode())
    assert [one.decode() for one in found.sentences] == [words]


@pytest.mark.parametrize(
    ("flags", "words"), [(("--clitics", "split"), "קראתי ו ספר\n"), ((), "קראתי וספר\n")]
)
def test_the_command_cuts_only_when_asked(
    flags: tuple[str, ...], words: str, tmp_path: Path, run_cli
) -> None:
    (tmp_path / "he.txt").write_text("קראתי וספר\n", encoding="utf-8")
    code, _, err = run_cli(
        "prepare", "--language", "he", "--tokenizer", "icu", "--rules", "all", "--workers", 1,
        "--input", tmp_path / "he.txt", "--output", tmp_path / "out.txt", *flags,
    )  # fmt: skip
    assert code == 0, err
    assert (tmp_path / "out.txt").read_text(encoding="utf-8") == words
