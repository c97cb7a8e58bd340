"""Invisible characters, control tokens, lower case."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from x2static.prepare.cleaning import clean, lowercaser, neutralise_control_tokens

CONTROL_TOKENS = [
    "<s>",
    "</s>",
    "<mask>",
    "<pad>",
    "<unk>",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "[PAD]",
    "<|endoftext|>",
    "<extra_id_0>",
    "\uff1cmask\uff1e",
    "\uff3bMASK\uff3d",
]


def test_text_is_composed_and_free_of_invisible_characters() -> None:
    assert clean("u\u0308ber") == "über"
    assert clean("ein\u00adfach \ufeffso\u200e\n") == "einfach so\n"
    assert clean("a\x00b\x85c\u2028d\u200be") == "a b c d e"


def test_joiners_stay_because_they_are_spelling() -> None:
    assert clean("می\u200cخواهم क्\u200dष") == "می\u200cخواهم क्\u200dष"


@pytest.mark.parametrize("token", CONTROL_TOKENS)
@pytest.mark.parametrize("frame", ["{}", "a {} b", "x{}y", "{}{}", "(\u201c{}\u201d)."])
def test_no_word_holds_a_control_token(token: str, frame: str) -> None:
    text = frame.format(token, token)
    safe = neutralise_control_tokens(text)
    assert all(token not in word for word in safe.split())
    assert safe.replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize("text", ["I <3 you", "a -> b", "x < y > z", "( a ) [ b ]", "no bracket"])
def test_lone_brackets_stay(text: str) -> None:
    assert neutralise_control_tokens(text) == text


@given(st.text(alphabet="<>[]as/| ", max_size=30))
def test_no_word_has_an_opening_before_a_closing_bracket(text: str) -> None:
    for word in neutralise_control_tokens(text).split():
        opening = min((word.find(c) for c in "<[" if c in word), default=len(word))
        assert not any(c in word[opening + 1 :] for c in ">]")


def test_a_real_tokenizer_sees_no_control_token() -> None:
    """The oracle: a fast tokenizer, which finds control tokens inside pre-split words."""
    tokenizers = pytest.importorskip("tokenizers")
    model = tokenizers.models.WordLevel({"<unk>": 0, "<s>": 1, "<mask>": 2}, unk_token="<unk>")
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.add_special_tokens(["<s>", "<mask>"])
    text = "x<s>y <mask> z"
    before = tokenizer.encode(text.split(), is_pretokenized=True).ids
    after = tokenizer.encode(neutralise_control_tokens(text).split(), is_pretokenized=True).ids
    assert {1, 2} <= set(before)
    assert set(after) == {0}


@pytest.mark.parametrize(
    ("language", "text", "lower"),
    [
        ("tr", "IĞDIR İZMİR", "ığdır izmir"),
        ("az", "II", "ıı"),
        ("de", "STRAßE İ", "straße i̇"),
        ("lt", "J\u0303", "j\u0307\u0303"),
        ("el", "ΟΔΟΣ", "οδος"),
    ],
)
def test_lower_case_follows_the_language(language: str, text: str, lower: str) -> None:
    assert lowercaser(language)(text) == lower
