"""The paper's table of languages, and the check of codes."""

from __future__ import annotations

import pytest

from x2static.core.errors import ConfigError
from x2static.prepare.languages import (
    ICU_LANGUAGES,
    PAPER_LANGUAGES,
    UDPIPE_LANGUAGES,
    check_code,
    tokenizer_for,
)


def test_the_table_is_the_papers() -> None:
    assert len(PAPER_LANGUAGES) == 40
    assert len(set(PAPER_LANGUAGES)) == 40
    assert len(UDPIPE_LANGUAGES) == 27
    assert set(ICU_LANGUAGES) == {
        "bn", "jv", "ka", "kk", "ml", "ms", "my", "sw", "th", "tl", "yo",
    }  # fmt: skip


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


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("ger", "de"), ("deu", "de"), ("German", "de"), ("germna", "de"), ("swa", "sw"),
        ("per", "fa"), ("iw", "he"), ("chi-Hans", "zh"), ("Mandarin", "ISO 639"),
        ("d", "ISO 639"), ("de de", "ISO 639"), ("xx", "ISO 639"), ("", "ISO 639"),
    ],
)  # fmt: skip
def test_a_wrong_code_is_refused_with_the_right_one(wrong: str, right: str) -> None:
    with pytest.raises(ConfigError, match=right) as caught:
        check_code(wrong)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("language", PAPER_LANGUAGES)
def test_every_language_of_the_paper_passes(language: str) -> None:
    check_code(language)
