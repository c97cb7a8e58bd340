"""A dictionary from sentence pairs."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from x2static.core.errors import DatasetError, LexiconError
from x2static.core.lexicons.name import parse_bitext
from x2static.core.lexicons.word_alignment import linked_words
from x2static.core.text.bitext import join_keyed, read_aligned, read_tabbed
from x2static.core.text.lexicon import Lexicon

LEAST_SHARE, LEAST_COUNT = 0.2, 2.0
MOST_LINKS = 30_000_000
_LONGEST = 100


@dataclass(frozen=True)
class BitextLexicon:
    """What sentence pairs say of words.

    Attributes:
        lexicon: pairs of words, the surest first.
        sentences: pairs that were read.
        used: pairs that were learned from.
        dropped: why the others were not, with counts.
    """

    lexicon: Lexicon
    sentences: int
    used: int
    dropped: dict[str, int]


def read_bitext(path: Path, codes: tuple[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the sentence pairs behind a name.

    Args:
        path: ``SOURCE/{}.tsv.xz``, where ``{}`` stands for a language, holds lines of
            ``key TAB sentence`` joined on the key; ``a.de,b.en`` are two files that are aligned
            line by line; any other file has ``text TAB translation``.
        codes: the languages, source first.
    """
    name = str(path)
    if "{}" in name:
        files = [Path(name.replace("{}", code)) for code in codes]
        yield from ((one, other) for _, one, other in join_keyed(files[0], files[1]))
        return
    parts = [Path(part) for part in name.split(",")] if not path.exists() else [path]
    if len(parts) > 2:
        raise DatasetError(f"{name}: {len(parts)} files; give two aligned ones, or one")
    bitext = read_tabbed(parts[0]) if len(parts) == 1 else read_aligned(parts[0], parts[1])
    yield from zip(bitext.source, bitext.target, strict=True)


def learned(
    named: Sequence[str], least_share: float = LEAST_SHARE, least_count: float = LEAST_COUNT
) -> BitextLexicon:
    """What all the sentence pairs behind some ``de-en=FILE`` say of words."""
    files = [parse_bitext(text) for text in named]
    sentences = (pair for codes, path in files for pair in read_bitext(path, codes))
    return lexicon_of(sentences, least_share, least_count, ", ".join(named))


def words_of(sentence: str) -> list[str]:
    """Its words in lower case: parted at white space, punctuation at both ends taken off."""
    text = unicodedata.normalize("NFC", sentence).lower()
    stripped = (_stripped(token) for token in text.split())
    return [word for word in stripped if word]


def lexicon_of(
    sentences: Iterable[tuple[str, str]], least_share: float, least_count: float, place: str
) -> BitextLexicon:
    """The pairs of words that sentence pairs agree on in both directions.

    Args:
        sentences: with their translations.
        least_share: of either word's occurrences that must be linked to the other.
        least_count: how often the two must be linked.
        place: named in an error.
    """
    dropped: Counter[str] = Counter()
    texts, read = [], 0
    seen: set[tuple[str, str]] = set()
    for pair in sentences:
        read += 1
        words = tuple(words_of(text) for text in pair)
        why = _fault(pair, words, seen)
        seen.add(pair)
        if why:
            dropped[why] += 1
        else:
            texts.append(words)
    texts = _within(texts, dropped)
    if not texts:
        counted = ", ".join(f"{count:,} {why}" for why, count in dropped.items()) or "none there"
        raise LexiconError(f"{place}: no sentence pair to learn from ({counted})")
    vocabularies = [_Vocabulary(texts, side) for side in (0, 1)]
    links = linked_words(vocabularies[0].sentences, vocabularies[1].sentences)
    sure = np.minimum(links.forward, links.backward)
    kept = np.flatnonzero((sure >= least_share) & (links.times >= least_count))
    order = kept[np.lexsort((links.target[kept], links.source[kept], -sure[kept]))]
    pairs = (
        (vocabularies[0].words[links.source[at]], vocabularies[1].words[links.target[at]])
        for at in order
    )
    return BitextLexicon(Lexicon.of(pairs), read, len(texts), dict(dropped))


def _fault(
    pair: tuple[str, str], words: tuple[list[str], ...], seen: set[tuple[str, str]]
) -> str | None:
    if not all(words):
        return "without words"
    if pair[0] == pair[1]:
        return "the same in both languages"
    if pair in seen:
        return "repeated"
    if max(map(len, words)) > _LONGEST:
        return f"longer than {_LONGEST} words"
    return None


def _within(
    texts: list[tuple[list[str], ...]], dropped: Counter[str]
) -> list[tuple[list[str], ...]]:
    """As many pairs, evenly spread, as memory is meant for: 20 bytes a link."""
    links = sum(len(one) * len(other) for one, other in texts)
    if links <= MOST_LINKS:
        return texts
    count = max(1, int(len(texts) * MOST_LINKS / links))
    chosen = np.linspace(0, len(texts) - 1, count).astype(int)
    dropped["beyond what memory is meant for"] += len(texts) - count
    return [texts[at] for at in chosen]


class _Vocabulary:
    """One side's words, the most frequent first, and its sentences in their numbers."""

    def __init__(self, texts: list[tuple[list[str], ...]], side: int) -> None:
        counts = Counter(word for pair in texts for word in pair[side])
        self.words = sorted(counts, key=lambda word: (-counts[word], word))
        number = {word: at for at, word in enumerate(self.words)}
        self.sentences: list[NDArray[np.int64]] = [
            np.array([number[word] for word in pair[side]], np.int64) for pair in texts
        ]


def _stripped(token: str) -> str:
    start, end = 0, len(token)
    while start < end and unicodedata.category(token[start])[0] in "PSZC":
        start += 1
    while end > start and unicodedata.category(token[end - 1])[0] in "PSZC":
        end -= 1
    return token[start:end]
