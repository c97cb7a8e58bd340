"""Rows of vector files that are no words: punctuation, numbers, control tokens, single letters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

_MARKUP = re.compile(r"<[^<>]*>|\[[A-Z]+\]|@-@|&[a-z]+;|##.*")


def is_junk(word: str, control: Collection[str] = ()) -> bool:
    """Whether a row stands for no word that is worth aligning.

    That is: no letter in it, one Latin letter alone, or a control token or markup. A single
    character of another script may well be a word.

    Args:
        word: as the vector file spells it.
        control: the tokenizer's own control tokens.
    """
    if word in control or _MARKUP.fullmatch(word):
        return True
    letters = [c for c in word if unicodedata.category(c)[0] in "LM"]
    if not letters:
        return True
    return len(letters) == 1 and unicodedata.name(letters[0], "").startswith("LATIN ")
