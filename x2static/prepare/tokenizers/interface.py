"""What every tokenizer offers, and the plan by which worker processes build the same one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class Tokenizer(Protocol):
    """Cuts paragraphs into sentences and sentences into words."""

    def split(self, paragraphs: Sequence[str]) -> list[list[str]]:
        """The sentences of each paragraph, words joined by one space; no sentence is empty.

        A paragraph is clean (see `x2static.prepare.cleaning`) and holds no line end. No word
        holds white space: where a tokenizer's token has white space inside (numbers in French,
        words in Vietnamese), the parts become words.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class TokenizerPlan:
    """A tokenizer in plain values, to be built in another process.

    Attributes:
        name: a value of ``--tokenizer`` other than ``auto``.
        language: ISO code, also ICU's locale.
        model: file of a UDPipe model, or empty.
        splits_multiwords: UDPipe only: split ``du`` into ``de le``.
    """

    name: str
    language: str
    model: str = ""
    splits_multiwords: bool = False


def joined(tokens: Sequence[str]) -> str:
    """Tokens as one sentence: every run of white space, within tokens too, is one space."""
    return " ".join(" ".join(tokens).split())
