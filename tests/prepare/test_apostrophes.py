"""Elided words and apostrophes: one rule, whichever tokenizer cut the text."""

from __future__ import annotations

from pathlib import Path

import pytest

from x2static.prepare.apostrophes import ELIDED, ONE_APOSTROPHE, apostrophes
from x2static.prepare.chunk import ChunkPlan, ChunkProcessor
from x2static.prepare.config import RULES
from x2static.prepare.tokenizers.interface import TokenizerPlan


@pytest.mark.parametrize(
    ("language", "sentence", "cut"),
    [
        ("it", "l'acqua dell’Italia è un po' fredda", "l' acqua dell' Italia è un po' fredda"),
        ("it", "L' acqua quell’altra dov'è", "L' acqua quell' altra dov' è"),
        ("it", "l'un'altra", "l' un' altra"),
        ("fr", "qu’il n'a vu l’ami jusqu'à C'EST", "qu' il n' a vu l' ami jusqu' à C' EST"),
        ("fr", "aujourd’hui quelqu'un O'Neil l'1", "aujourd'hui quelqu'un O'Neil l'1"),
        ("fr", "« ’ » ’abc", "« ’ » ’abc"),
        ("ca", "l’home d'aquí", "l' home d' aquí"),
        ("tr", "Ankara’da 3’te", "Ankara'da 3'te"),
        ("uk", "м’я п'ять", "м'я п'ять"),
    ],
)
def test_words_with_apostrophes(language: str, sentence: str, cut: str) -> None:
    rule = apostrophes(language, splits=True)
    assert rule is not None
    assert rule(sentence) == cut
    assert rule(cut) == cut  # text prepared again is the same


def test_elisions_can_be_kept() -> None:
    rule = apostrophes("it", splits=False)
    assert rule is not None
    assert rule("l’acqua") == "l'acqua"


def test_other_languages_are_left_alone() -> None:
    assert apostrophes("en", splits=True) is None
    assert apostrophes("rw", splits=True) is None
    assert set(ELIDED) <= ONE_APOSTROPHE


@pytest.mark.parametrize(("splits", "words"), [(True, "Bevo l' acqua"), (False, "Bevo l'acqua")])
def test_sentences_are_cut_by_the_rule_before_they_are_counted(splits: bool, words: str) -> None:
    plan = ChunkPlan(
        tokenizer=TokenizerPlan(name="icu", language="it"),
        rules=RULES["all"],
        splits_elisions=splits,
    )
    again = ChunkPlan.from_json(plan.to_json())
    found = ChunkProcessor(again).process("Bevo l’acqua".encode())
    assert [one.decode() for one in found.sentences] == [words]


@pytest.mark.parametrize(
    ("flags", "words"), [((), "Bevo l' acqua\n"), (("--elisions", "keep"), "Bevo l'acqua\n")]
)
def test_the_command_keeps_elisions_when_asked(
    flags: tuple[str, ...], words: str, tmp_path: Path, run_cli
) -> None:
    (tmp_path / "it.txt").write_text("Bevo l’acqua\n", encoding="utf-8")
    code, _, err = run_cli(
        "prepare", "--language", "it", "--tokenizer", "icu", "--rules", "all", "--workers", 1,
        "--input", tmp_path / "it.txt", "--output", tmp_path / "out.txt", *flags,
    )  # fmt: skip
    assert code == 0, err
    assert (tmp_path / "out.txt").read_text(encoding="utf-8") == words
