"""The paper's table of languages, and the check of codes."""

from __future__ import annotations

import pytest

from x2static.core.languages.language import check_code
from x2static.prepare.languages import (
    ICU_LANGUAGES,
    PAPER_LANGUAGES,
    UDPIPE_LANGUAGES,
    default_tokenizer,
    tokenizer_for,
)


def test_the_table_is_the_papers() -> None:
    assert len(PAPER_LANGUAGES) == 40
    assert len(set(PAPER_LANGUAGES)) == 40
    assert len(UDPIPE_LANGUAGES) == 27
    assert set(ICU_LANGUAGES) == {"bn", "jv", "ka", "kk", "ml", "ms", "my", "sw", "th", "tl", "yo"}


@pytest.mark.parametrize(
    ("language", "tokenizer"),
    [
        ("de", "udpipe"), ("pt-BR", "udpipe"), ("ja", "fugashi"), ("zh", "jieba"),
        ("zh-Hant", "jieba"), ("ka", "icu"), ("rw", "icu"), ("eo", "icu"), ("ceb", "icu"),
    ],
)  # fmt: skip
def test_each_language_has_its_tool(language: str, tokenizer: str) -> None:
    check_code(language)
    assert tokenizer_for(language) == tokenizer


@pytest.mark.parametrize(("is_there", "tokenizer"), [(True, "kiwi"), (False, "udpipe")])
def test_korean_is_cut_into_morphemes_where_that_is_installed(
    is_there: bool, tokenizer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object() if is_there else None)
    assert default_tokenizer("ko") == default_tokenizer("ko-KP") == tokenizer
    assert default_tokenizer("de") == tokenizer_for("de")


@pytest.mark.parametrize("language", PAPER_LANGUAGES)
def test_every_language_of_the_paper_passes(language: str) -> None:
    check_code(language)
