"""Text that is tokenized already: one sentence per line, words between white space."""

from __future__ import annotations

from collections.abc import Sequence


class WhitespaceTokenizer:
    """Takes each line as one sentence and splits it at white space."""

    def __init__(self, language: str = "") -> None:
        """One for any language."""

    def split(self, paragraphs: Sequence[str]) -> list[list[str]]:
        """One sentence per paragraph."""
        sentences = (" ".join(paragraph.split()) for paragraph in paragraphs)
        return [[sentence] if sentence else [] for sentence in sentences]
