"""Neighbours of some words across languages, and words of several languages on a map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from x2static.report.read.projection import project
from x2static.report.read.spaces import Found, Space
from x2static.report.read.word_choice import content_words

_TRANSLATIONS = 2


@dataclass(frozen=True)
class Example:
    """A word and what is near it.

    Attributes:
        word: of the hub.
        found: nearest words by (space, language); the word itself left out.
    """

    word: str
    found: dict[tuple[str, str], Found]


def examples(spaces: list[Space], hub: str, words: list[str], top: int) -> list[Example]:
    """The neighbours of words of the hub in every language of every space."""
    found: list[dict[tuple[str, str], Found]] = [{} for _ in words]
    for space in spaces:
        if hub not in space.languages or not words:
            continue
        rows = space.rows(hub, words)
        for language in space.languages:
            own = language == hub
            for place, near in enumerate(space.nearest(rows, language, top + own)):
                kept = [pair for pair in near if not (own and pair[0] == words[place])]
                found[place][space.name, language] = kept[:top]
    return [Example(word, near) for word, near in zip(words, found, strict=True)]


@dataclass(frozen=True)
class WordMap:
    """Points of one space.

    Attributes:
        title: when it was.
        x: of each word, -1 to 1.
        y: likewise.
        near: for each word, the nearest words of the other languages: (language, words).
    """

    title: str
    x: list[float]
    y: list[float]
    near: list[list[tuple[int, Found]]]


@dataclass(frozen=True)
class Atlas:
    """The same words in each space.

    Attributes:
        languages: their names.
        words: (number of the language, word), the languages one after the other.
        maps: one for each space.
    """

    languages: list[str]
    words: list[tuple[int, str]]
    maps: list[WordMap]


def atlas(spaces: list[Space], languages: list[str], num_words: int, seed: int) -> Atlas | None:
    """Frequent content words of each language, each language with as many.

    The languages' words are chosen apart from each other: nothing looks for pairs that fit.
    """
    spaces = [space for space in spaces if set(languages) <= set(space.languages)]
    if not spaces or not languages or not num_words:
        return None
    share = num_words // len(languages)
    words: list[tuple[int, str]] = []
    for place, language in enumerate(languages):
        vocabularies = [space.languages[language].vectors for space in spaces]
        common = [word for word in vocabularies[-1].words if all(word in v for v in vocabularies)]
        words += [(place, word) for word in content_words(common, share)]
    if len(words) < 3:
        return None
    return Atlas(languages, words, [_map(space, languages, words, seed) for space in spaces])


def _map(space: Space, languages: list[str], words: list[tuple[int, str]], seed: int) -> WordMap:
    near: list[list[tuple[int, Found]]] = [[] for _ in words]
    blocks = []
    for place, language in enumerate(languages):
        mine = [row for row, (home, _) in enumerate(words) if home == place]
        block = space.rows(language, [words[row][1] for row in mine])
        blocks.append(block)
        for other, name in enumerate(languages):
            if other != place and mine:
                found = space.nearest(block, name, _TRANSLATIONS)
                for row, pairs in zip(mine, found, strict=True):
                    near[row].append((other, pairs))
    points = project(np.concatenate(blocks), seed)
    x, y = (np.round(points[:, axis], 3).tolist() for axis in (0, 1))
    return WordMap(space.title, x, y, near)
