"""What the teacher learns from, as pieces: each item has a language, a kind and an English vector.

Kinds are the sources of sentence pairs, ``dict`` for words, and ``mono`` for text without a vector.
"""

from __future__ import annotations

import gzip
import random
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.teacher.english import SOURCES, WORDS, keyed, pairs_in

KINDS = ("dict", *SOURCES, "mono")
_LONGEST = 80  # pieces
_MOST_PAIRS, _MOST_MONO = 13_000, 9_000  # lines of a language from a source
_HEBREW_POINTS = re.compile("[\u0591-\u05c7]")
_GLOSS = re.compile(r"[\[(][^\])]*[\])]")  # the German Bible's, in brackets
_OTHER_CODES = {"no": "nb", "sh": "hr", "fil": "tl"}
_UNKNOWN = 3


def languages_of(data: Path) -> list[str]:
    """All that have sentence pairs or text."""
    found = {path.name.split(".")[0] for path in (data / "bitext").glob("*/*.tsv.xz")}
    return sorted(found | {path.name.split(".")[0] for path in (data / "mono").glob("*.txt.gz")})


def held_words(data: Path) -> dict[str, set[str]]:
    """The words of MUSE's test dictionaries by language: no dictionary may teach them."""
    held: dict[str, set[str]] = {}
    for path in sorted((data / "muse" / "test").glob("*.txt")):
        codes = path.name.split(".")[0].split("-")
        for line in path.read_text(encoding="utf-8").splitlines():
            for code, word in zip(codes, line.split(), strict=False):
                held.setdefault(code, set()).add(word.lower())
    return held


def dictionaries(data: Path, languages: Sequence[str]) -> Iterator[tuple[str, list[list[str]]]]:
    """Yield (language, [English word, word]) of every dictionary, test words left out."""
    held = held_words(data)
    paths = sorted((data / "lexicons-cc-by-sa").glob("*.txt"))
    for path in [*paths, *sorted((data / "lexicons-cldr").glob("*.tsv"))]:
        codes = path.stem.split(".")[0].split("-")
        if "en" not in codes:
            continue
        english = codes.index("en")
        language = _OTHER_CODES.get(codes[1 - english], codes[1 - english])
        if language not in languages:
            continue
        found = set()
        for fields in pairs_in(path):
            word = _plain(fields[1 - english].strip(), language).lower()
            if word and word not in held.get(language, ()):
                found.add((fields[english].strip().lower(), word))
        yield language, [list(pair) for pair in sorted(found)]


def _plain(word: str, language: str) -> str:
    """Without the marks that dictionaries write and texts do not."""
    if language == "he":
        return _HEBREW_POINTS.sub("", word)
    if language in ("ru", "uk"):
        parts = unicodedata.normalize("NFD", word).replace("\u0301", "")
        return unicodedata.normalize("NFC", parts)
    return word


@dataclass
class Collector:
    """Gathers items.

    Attributes:
        tokenizer: of the tokenizers library.
    """

    tokenizer: Any
    _ids: list[NDArray[np.uint16]] = field(default_factory=list)
    _about: list[tuple[int, int, int]] = field(default_factory=list)

    def add(self, texts: Sequence[str], kind: int, language: int, targets: Sequence[int]) -> None:
        """Cut texts into pieces; unknown pieces and empty items do not count."""
        encoded = self.tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        for each, target in zip(encoded, targets, strict=True):
            ids = [number for number in each.ids if number != _UNKNOWN][:_LONGEST]
            if ids:
                self._ids.append(np.array(ids, np.uint16))
                self._about.append((kind, language, target))

    def save(self, path: Path) -> None:
        """Write all."""
        offsets = np.concatenate([[0], np.cumsum([len(ids) for ids in self._ids])])
        kind, language, target = np.array(self._about, np.int32).T
        np.savez(
            path,
            flat=np.concatenate(self._ids),
            off=offsets.astype(np.int64),
            kind=kind.astype(np.int8),
            lang=language.astype(np.int8),
            targ=target,
        )


def write_items(data: Path, vocabulary: Path, targets: Path, output: Path) -> None:
    """All items with the numbers of their vectors, and the vectors one below the other."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(vocabulary / "tokenizer.json"))
    languages = languages_of(data)
    first, vectors = {}, []
    for name in (WORDS, *SOURCES):
        first[name] = sum(map(len, vectors))
        vectors.append(np.load(targets / f"{name}.npy"))
    np.save(output.with_name("targets.npy"), np.concatenate(vectors))
    collector = Collector(tokenizer)
    for source in SOURCES:
        english = {
            key: n for n, (key, _) in enumerate(keyed(data / "bitext" / source / "en.tsv.xz"))
        }
        for path in sorted((data / "bitext" / source).glob("*.tsv.xz")):
            language = path.name.split(".")[0]
            rows = [row for row in keyed(path) if row[0] in english]
            if len(rows) > _MOST_PAIRS:
                rows = random.Random(language + source).sample(rows, _MOST_PAIRS)
            glossed = (language, source) == ("de", "bible")
            texts = [_GLOSS.sub("", text) if glossed else text for _, text in rows]
            numbers = [first[source] + english[key] for key, _ in rows]
            collector.add(texts, KINDS.index(source), languages.index(language), numbers)
    words = (targets / "words.txt").read_text(encoding="utf-8").splitlines()
    number = {word: first[WORDS] + n for n, word in enumerate(words)}
    collector.add(words, 0, languages.index("en"), list(number.values()))
    for language, pairs in dictionaries(data, languages):
        known = [pair for pair in pairs if pair[0] in number]
        collector.add(
            [word for _, word in known],
            0,
            languages.index(language),
            [number[english] for english, _ in known],
        )
    for language in languages:
        path = data / "mono" / f"{language}.txt.gz"
        if path.exists():
            with gzip.open(path, "rt", encoding="utf-8") as stream:
                lines = [line.strip() for line in stream if line.strip()]
            random.Random(language).shuffle(lines)
            lines = lines[:_MOST_MONO]
            collector.add(lines, KINDS.index("mono"), languages.index(language), [-1] * len(lines))
    collector.save(output)


class Items:
    """Items in memory, to be drawn by kind and language.

    Attributes:
        targets: (N,) the row of each item's English vector, -1 for none.
        groups: item numbers by kind and language.
    """

    def __init__(self, path: Path) -> None:
        """Read what `write_items` wrote."""
        found = np.load(path)
        self._flat, self._offsets, self.targets = found["flat"], found["off"], found["targ"]
        self.groups: dict[str, dict[int, NDArray[np.int64]]] = {}
        key = found["kind"].astype(int) * 1000 + found["lang"]
        order = np.argsort(key, kind="stable")
        numbers, starts = np.unique(key[order], return_index=True)
        for number, rows in zip(numbers, np.split(order, starts[1:]), strict=True):
            self.groups.setdefault(KINDS[number // 1000], {})[int(number % 1000)] = rows

    def counts(self, size: int) -> NDArray[np.float64]:
        """(V,) how often each piece comes."""
        return np.bincount(self._flat, minlength=size).astype(np.float64)

    def draw(
        self, rng: np.random.Generator, kind: str, size: int, power: float
    ) -> NDArray[np.int64]:
        """Items of a kind; a language comes up by its number of items to this power."""
        groups = self.groups[kind]
        weights = np.array([len(rows) for rows in groups.values()]) ** power
        counts = rng.multinomial(size, weights / weights.sum())
        chosen = zip(groups.values(), counts, strict=True)
        return np.concatenate([rng.choice(rows, count) for rows, count in chosen if count])

    def bag(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The pieces of items, one after the other, and how many each has."""
        begins = self._offsets[rows]
        lengths = self._offsets[rows + 1] - begins
        ends = np.cumsum(lengths)
        places = np.arange(ends[-1]) + np.repeat(begins - ends + lengths, lengths)
        return self._flat[places].astype(np.int64), lengths

    def pieces(self, row: int) -> NDArray[np.int64]:
        """The pieces of an item."""
        return self._flat[self._offsets[row] : self._offsets[row + 1]].astype(np.int64)
