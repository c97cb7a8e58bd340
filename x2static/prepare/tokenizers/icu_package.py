"""The package icu-tokenizer as paper 1 used it, fault included.

It reads ICU's UTF-16 positions as character positions, so behind an emoji every cut is off by one.
Our own use of ICU (`x2static.prepare.tokenizers.icu`) is right there, faster, and the default.
"""

from __future__ import annotations

from collections.abc import Sequence

from x2static.core.errors import MissingDependencyError
from x2static.prepare.tokenizers.interface import joined


class IcuPackageTokenizer:
    """``icu_tokenizer.SentSplitter`` and ``icu_tokenizer.Tokenizer``."""

    def __init__(self, language: str) -> None:
        try:
            import icu_tokenizer
        except ModuleNotFoundError as error:
            raise MissingDependencyError(
                f"--tokenizer icu-tokenizer needs the package {error.name}: pip install --no-deps "
                "icu-tokenizer && pip install regex pyicu-wheels; or take --tokenizer icu, which "
                "uses ICU itself"
            ) from error
        self._splitter = icu_tokenizer.SentSplitter(language)
        self._tokenizer = icu_tokenizer.Tokenizer(language)

    def split(self, paragraphs: Sequence[str]) -> list[list[str]]:
        """Sentences of words, exactly as the package gives them."""
        return [
            [
                words
                for sentence in self._splitter.split(paragraph)
                if (words := joined(self._tokenizer.tokenize(sentence)))
            ]
            for paragraph in paragraphs
        ]
