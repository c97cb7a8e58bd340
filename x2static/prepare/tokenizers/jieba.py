"""Chinese: sentences by ICU, words by jieba."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence

from x2static.core.errors import require
from x2static.prepare.tokenizers.icu import IcuSentences
from x2static.prepare.tokenizers.interface import joined
from x2static.prepare.tokenizers.udpipe_model import cache_folder


class JiebaTokenizer:
    """jieba's default mode: dictionary, and a hidden Markov model for unknown words."""

    def __init__(self, language: str) -> None:
        with warnings.catch_warnings():  # its source has old escapes, and it asks for pkg_resources
            warnings.simplefilter("ignore")
            jieba = require("jieba", "chinese", "Chinese text")
        jieba.setLogLevel(logging.WARNING)
        self._jieba = jieba.Tokenizer()
        # by default the cache would lie in a folder that every user of the machine can write
        folder = cache_folder() / "jieba"
        folder.mkdir(parents=True, exist_ok=True)
        self._jieba.tmp_dir = str(folder)
        self._jieba.initialize()
        self._sentences = IcuSentences(language)

    def split(self, paragraphs: Sequence[str]) -> list[list[str]]:
        """Sentences of words."""
        cut = self._jieba.lcut
        return [
            [words for sentence in sentences if (words := joined(cut(sentence)))]
            for sentences in self._sentences.split(paragraphs)
        ]
