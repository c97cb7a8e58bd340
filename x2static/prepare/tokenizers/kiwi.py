"""Korean: sentences by ICU, words by Kiwi's morphological analysis.

Between spaces stands a noun with its particles: 영화를, 영화는 and 영화에서 are one word with three
endings to a reader, and three words to a vocabulary. So a space is put in where a particle (J), a
copula (VCP), a verb-making suffix (XSV, XSA) or the plural 들 begins, and between two nouns. Stems
keep their endings (먹었다 stays), letters stay as they are written: where two morphemes share a
syllable (했 is 하 and 었), nothing is cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from x2static.core.errors import require
from x2static.prepare.tokenizers.icu import IcuSentences

_JOINED = ("E", "XSN", "XSM")  # endings and suffixes belong to what stands before them
_OPENING = ("XPN",)  # a prefix belongs to what follows
_PLURAL = ("들", "XSN")


class KiwiTokenizer:
    """Kiwi, with one thread: there is a worker for each core already."""

    def __init__(self, language: str) -> None:
        kiwipiepy = require("kiwipiepy", "korean", "Korean text")
        self._kiwi = kiwipiepy.Kiwi(num_workers=1)
        self._sentences = IcuSentences(language)

    def split(self, paragraphs: Sequence[str]) -> list[list[str]]:
        """Sentences of words."""
        split = self._sentences.split(paragraphs)
        flat = [sentence for sentences in split for sentence in sentences]
        words = (_cut(text, self._kiwi.tokenize(text)) for text in flat)
        return [[joined for _ in sentences if (joined := next(words))] for sentences in split]


def _cut(text: str, morphemes: Sequence[Any]) -> str:
    """The text with a space where a word begins."""
    places = list(_beginnings(morphemes))
    parts = (text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True))
    return " ".join(" ".join(parts).split())


def _beginnings(morphemes: Sequence[Any]) -> Iterator[int]:
    """Where a morpheme begins a word; none where it shares a syllable with the one before."""
    end, before = 0, ""
    for one in morphemes:
        is_joined = one.tag.startswith(_JOINED) and (one.form, one.tag) != _PLURAL
        if one.start >= end and not is_joined and before not in _OPENING:
            yield one.start
        end, before = max(end, one.start + one.len), one.tag
