"""Vietnamese: sentences by ICU, words by underthesea, the syllables of one word joined by ``_``.

Spaces part syllables, so `đại học` (university) is two words to every other tool. Joined by the
sign that Vietnamese corpora and PhoBERT use, it is one: `đại_học`.
"""

from __future__ import annotations

from collections.abc import Sequence

from x2static.core.errors import require
from x2static.prepare.tokenizers.icu import IcuSentences


class UndertheseaTokenizer:
    """underthesea's word segmentation; its model comes with the package."""

    def __init__(self, language: str) -> None:
        self._words = require("underthesea", "vietnamese", "Vietnamese compounds").word_tokenize
        self._sentences = IcuSentences(language)

    def split(self, paragraphs: Sequence[str]) -> list[list[str]]:
        """Sentences of words."""
        return [
            [joined for sentence in sentences if (joined := self._cut(sentence))]
            for sentences in self._sentences.split(paragraphs)
        ]

    def _cut(self, sentence: str) -> str:
        return " ".join("_".join(word.split()) for word in self._words(sentence))
