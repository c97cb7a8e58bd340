"""Japanese: sentences by ICU, words by fugashi (MeCab) with the dictionary unidic-lite."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from x2static.core.errors import require
from x2static.prepare.tokenizers.icu import IcuSentences


class FugashiTokenizer:
    """MeCab's short units, as space-parted text straight from MeCab, without node objects."""

    def __init__(self, language: str) -> None:
        fugashi = require("fugashi", "japanese", "Japanese text")
        folder = require("unidic_lite", "japanese", "Japanese text").DICDIR
        settings = Path(folder, "mecabrc")
        # named outright: with `unidic` installed too, fugashi would take that one
        self._tagger = fugashi.GenericTagger(
            f"-Owakati -r {shlex.quote(str(settings))} -d {shlex.quote(str(folder))}"
        )
        self._sentences = IcuSentences(language)

    def split(self, paragraphs: Sequence[str]) -> list[list[str]]:
        """Sentences of short units."""
        parse = self._tagger.parse
        return [
            [words for sentence in sentences if (words := " ".join(parse(sentence).split()))]
            for sentences in self._sentences.split(paragraphs)
        ]
