"""Characters that must not reach the words: invisible ones, and a teacher's control tokens."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from x2static.core.errors import require

# Control characters, line and paragraph separators, zero-width space: they part words.
_PARTING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200b]")
# Soft hyphen, direction marks, word joiner, byte order mark, annotation marks: they are nothing.
# ZWJ and ZWNJ stay: they are spelling in Persian and in the scripts of India.
_NOTHING = re.compile("[\u00ad\u061c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")

# with the wider forms that NFKC, inside many a teacher's tokenizer, turns into these
_OPENING = re.compile("[<\uff1c\ufe64\\[\uff3b]")
_CLOSING = re.compile("[>\uff1e\ufe65\\]\uff3d]")
_BRACKET = re.compile("([<>\uff1c\uff1e\ufe64\ufe65\\[\\]\uff3b\uff3d])")


def clean(text: str) -> str:
    """NFC text without invisible characters; line ends stay where they are."""
    text = _NOTHING.sub("", _PARTING.sub(" ", text))
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def neutralise_control_tokens(sentence: str) -> str:
    """The sentence with no word that a teacher could take for one of its control tokens.

    Control tokens (``<s>``, ``<mask>``, ``[CLS]``, ``<|endoftext|>``) are words with an opening and
    a closing angle or square bracket, and a tokenizer looks for them within one word. So in every
    word that holds such a pair, each of these brackets becomes a word of its own: ``< s >``.
    Lone brackets (``<3``, ``->``) stay as they are.
    """
    if not (_OPENING.search(sentence) and _CLOSING.search(sentence)):
        return sentence
    words = [
        _BRACKET.sub(r" \1 ", word) if _is_bracketed(word) else word for word in sentence.split()
    ]
    return " ".join(" ".join(words).split())


def _is_bracketed(word: str) -> bool:
    opening = _OPENING.search(word)
    return opening is not None and _CLOSING.search(word, opening.end()) is not None


def lowercaser(base_language: str) -> Callable[[str], str]:
    """The lower-casing of a language: ICU's where it differs (Turkish, Azeri, Lithuanian)."""
    if base_language not in ("tr", "az", "lt"):
        return str.lower
    icu = require("icu", "icu", f"lower-casing of '{base_language}'")
    locale = icu.Locale(base_language)

    def lower(text: str) -> str:
        return str(icu.UnicodeString(text).toLower(locale))

    return lower
