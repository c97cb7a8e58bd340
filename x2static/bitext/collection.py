"""The keyed texts behind file names and patterns: which languages each source has."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from x2static.core.text.pair_sources import PairText, find_pair_sources

_AT_ONCE = 1 << 16


@dataclass(frozen=True)
class Collection:
    """Texts of several sources in several languages.

    Attributes:
        sources: text by language, by source; both sorted.
    """

    sources: dict[str, dict[str, PairText]]

    @property
    def languages(self) -> list[str]:
        """Every language of any source."""
        return sorted({language for texts in self.sources.values() for language in texts})

    def texts_of(self, *languages: str) -> list[tuple[str, list[PairText]]]:
        """(source, text of each language) of every source that has them all."""
        return [
            (source, [texts[language] for language in languages])
            for source, texts in self.sources.items()
            if all(language in texts for language in languages)
        ]

    def counts(self, source: str) -> NDArray[np.int64]:
        """(L, L) sentence pairs of each two languages in one source; the diagonal is empty."""
        texts, languages = self.sources[source], self.languages
        keys = {language: _hashes(text) for language, text in texts.items()}
        there = np.unique(np.concatenate(list(keys.values())))
        rows = [languages.index(language) for language in texts]
        total = np.zeros((len(languages), len(languages)), dtype=np.int64)
        for first in range(0, len(there), _AT_ONCE):
            part = there[first : first + _AT_ONCE]
            has = np.stack(
                [np.isin(part, keys[language], assume_unique=True) for language in texts]
            )
            total[np.ix_(rows, rows)] += np.rint(has.astype(np.float32) @ has.T).astype(np.int64)
        np.fill_diagonal(total, 0)
        return total


def find_collection(files: Sequence[str]) -> Collection:
    """The texts behind patterns and ``en-de=FILE,FILE``; see `find_pair_sources`."""
    return Collection({one.name: one.texts for one in find_pair_sources(files, "FILES")})


def _hashes(text: PairText) -> NDArray[np.uint64]:
    """(N,) a number for each key, sorted: 8 bytes a sentence."""
    numbers = (_number(key) for key, _ in text.read())
    return np.sort(np.fromiter(numbers, dtype=np.uint64))


def _number(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "little")
