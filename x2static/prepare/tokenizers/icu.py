"""Sentences and words by Unicode's rules and ICU's dictionaries, for any language.

ICU is called once for the sentences of a batch of paragraphs and once for their words. Its
positions count UTF-16 units, not characters (they differ behind each emoji), so breaks are marked
in UTF-16 too, all at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from x2static.core.errors import require

_SENTENCE_END = "\x1e"  # a control character: cleaned text has none


class IcuSentences:
    """ICU's sentences of one language."""

    def __init__(self, language: str) -> None:
        icu = require("icu", "icu", "splitting into sentences and words by ICU")
        # ss=standard: no sentence ends at "Mr."; known for de en es fr it pt ru and a few more
        self._breaks = icu.BreakIterator.createSentenceInstance(
            icu.Locale.forLanguageTag(f"{language.replace('_', '-')}-u-ss-standard")
        )

    def split(self, paragraphs: Sequence[str]) -> list[list[str]]:
        """The untokenized sentences of each paragraph, trimmed; none is empty."""
        marked = _mark(self._breaks, "\n".join(paragraphs), _SENTENCE_END)
        return [
            [trimmed for sentence in line.split(_SENTENCE_END) if (trimmed := sentence.strip())]
            for line in marked.split("\n")
        ]


class IcuTokenizer:
    """ICU for sentences and words."""

    def __init__(self, language: str) -> None:
        self._sentences = IcuSentences(language)
        icu = require("icu", "icu", "splitting into sentences and words by ICU")
        self._breaks = icu.BreakIterator.createWordInstance(icu.Locale(language))

    def split(self, paragraphs: Sequence[str]) -> list[list[str]]:
        """Sentences of words; punctuation marks are words of their own."""
        split = self._sentences.split(paragraphs)
        # a line end between sentences, so that no word reaches from one into the next
        text = "\n".join(sentence for sentences in split for sentence in sentences)
        lines = iter(_mark(self._breaks, text, " ").split("\n"))
        return [[" ".join(next(lines).split()) for _ in sentences] for sentences in split]


def _mark(breaks: Any, text: str, mark: str) -> str:
    """The text with a character put in at every break of an ICU iterator."""
    breaks.setText(text)
    units = np.frombuffer(text.encode("utf-16-le"), dtype="<u2")
    places = np.fromiter(breaks, dtype=np.int64)
    return np.insert(units, places, ord(mark)).tobytes().decode("utf-16-le")
