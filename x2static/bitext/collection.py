"""The keyed texts behind file names and patterns: which languages each source has."""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from x2static.core.errors import DatasetError
from x2static.core.languages.language import check_code
from x2static.core.text.bitext import read_keyed

_ENDINGS = (".gz", ".xz", ".zst", ".tsv", ".txt")
_AT_ONCE = 1 << 16


@dataclass(frozen=True)
class Collection:
    """Texts of several sources in several languages.

    Attributes:
        sources: path by language, by source; both sorted.
    """

    sources: dict[str, dict[str, Path]]

    @property
    def languages(self) -> list[str]:
        """Every language of any source."""
        return sorted({language for texts in self.sources.values() for language in texts})

    def texts_of(self, *languages: str) -> list[tuple[str, list[Path]]]:
        """(source, path of each language) of every source that has them all."""
        return [
            (source, [texts[language] for language in languages])
            for source, texts in self.sources.items()
            if all(language in texts for language in languages)
        ]

    def counts(self, source: str) -> NDArray[np.int64]:
        """(L, L) sentence pairs of each two languages in one source; the diagonal is empty."""
        texts, languages = self.sources[source], self.languages
        keys = {language: _hashes(path) for language, path in texts.items()}
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
    """The texts behind paths and patterns; a file's folder is its source, its name its language.

    Raises:
        DatasetError: a pattern without a file, a language given twice, or one text alone.
    """
    sources: dict[str, dict[str, Path]] = {}
    for pattern in files:
        paths = [Path(name) for name in sorted(_matching(pattern))]
        if not paths:
            raise DatasetError(f"{pattern}: no such file, and no file of this pattern")
        for path in paths:
            language = path.name
            while language.endswith(_ENDINGS):
                language = language.rpartition(".")[0]
            check_code(language)
            texts = sources.setdefault(path.absolute().parent.name, {})
            if texts.setdefault(language, path) != path:
                raise DatasetError(f"{path}: {texts[language]} is the same source and language")
    if max(map(len, sources.values())) < 2:
        raise DatasetError(
            f"{', '.join(files)}: no source has two languages; give SOURCE/LANGUAGE.tsv of several"
        )
    ordered = {source: dict(sorted(sources[source].items())) for source in sorted(sources)}
    return Collection(ordered)


def _matching(pattern: str) -> list[str]:
    return glob.glob(str(Path(pattern).expanduser()))  # noqa: PTH207 - it may be absolute


def _hashes(path: Path) -> NDArray[np.uint64]:
    """(N,) a number for each key, sorted: 8 bytes a sentence."""
    numbers = (_number(key) for key, _ in read_keyed(path))
    return np.sort(np.fromiter(numbers, dtype=np.uint64))


def _number(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "little")
