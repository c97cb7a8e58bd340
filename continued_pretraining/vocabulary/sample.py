"""The words of a language's lines, with how often they come: all that a unigram model looks at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Words:
    """What the lines of a language are made of.

    Attributes:
        texts: each word once, its leading space written as ``▁``.
        counts: how often each comes.
        num_lines: lines they come from.
    """

    texts: list[str]
    counts: list[int]
    num_lines: int

    def letters(self, coverage: float) -> list[str]:
        """The letters that make up this part of the text, the most frequent first."""
        seen: Counter[str] = Counter()
        for text, count in zip(self.texts, self.counts, strict=True):
            for letter in text:
                seen[letter] += count
        wanted, covered, kept = coverage * sum(seen.values()), 0, []
        for letter, count in sorted(seen.items(), key=lambda item: (-item[1], item[0])):
            if covered >= wanted:
                break
            kept.append(letter)
            covered += count
        return kept


def words_of(backend: Any, lines: Sequence[str]) -> Words:
    """The words that a tokenizer's cleaning and cutting make of lines."""
    seen: Counter[str] = Counter()
    clean, cut = backend.normalizer.normalize_str, backend.pre_tokenizer.pre_tokenize_str
    for line in lines:
        seen.update(word for word, _ in cut(clean(line)))
    return Words(list(seen), list(seen.values()), len(lines))


def without(words: Words, letters: set[str]) -> Words:
    """The same words cut at letters that are not among ``letters``, which disappear."""
    seen: Counter[str] = Counter()
    for text, count in zip(words.texts, words.counts, strict=True):
        kept = "".join(letter if letter in letters else "\n" for letter in text)
        for part in kept.split("\n"):
            if part:
                seen[part] += count
    return Words(list(seen), list(seen.values()), words.num_lines)
