"""Questions of the page and their answers, as JSON-ready values."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from x2static.core.errors import WorkbenchError
from x2static.core.vectors import FloatMatrix
from x2static.explore.exact import Nearest, nearest, products, ranked
from x2static.explore.indexes import Indexes
from x2static.explore.language import LanguageVectors
from x2static.explore.sentences.search import SentenceSearch
from x2static.explore.spaces import Space
from x2static.report.read.word_choice import content_words

MOST = 100  # neighbours of a word
_SUGGESTIONS = 8
_HEAD = 2_000  # words among which those to start from are looked for
_LIST_BLOCK = 64


class Unknown(WorkbenchError):  # noqa: N818 - an answer
    """A space, language or word that is not there."""


class Query(NamedTuple):
    """What is looked for.

    Attributes:
        row: (D,) the word's vector, of length 1.
        rotated: the same for the short lists, None where all rows are to be looked at.
        top: words for each language.
    """

    row: FloatMatrix
    rotated: FloatMatrix | None
    top: int


class Explorer:
    """Looks words up in the spaces of a folder."""

    def __init__(
        self, spaces: Sequence[Space], indexes: Indexes, sentences: SentenceSearch | None = None
    ) -> None:
        """Take the spaces, what makes them quick, and texts to search."""
        self._sentences = sentences
        self.spaces = {space.name: space for space in spaces}
        self._indexes = indexes
        self._workers = os.cpu_count() or 1
        self._products = threading.Lock()
        self._pool = ThreadPoolExecutor(self._workers, "search", indexes.prepare_thread)

    def overview(self) -> dict[str, Any]:
        """Spaces, their languages, and how each is searched."""
        return {
            "spaces": [
                {
                    "name": space.name,
                    "languages": [self._about(space, name) for name in space.places],
                }
                for space in self.spaces.values()
            ],
            "search": self._indexes.state(),
            "sentences": self._sentences.languages if self._sentences else [],
        }

    def sentences(self, language: str, text: str, count: int) -> dict[str, Any]:
        """The nearest sentences of every text.

        Raises:
            Unknown: no texts, no such language, or no word of the sentence has a vector.
        """
        if self._sentences is None or not self._sentences.languages:
            raise Unknown("no texts to search: start x2static explore with --texts NAME=FILE")
        if language not in list(self.spaces.values())[-1].places:
            raise Unknown(f"no language '{language}'")
        began = time.perf_counter()
        try:
            found = self._sentences.look_up(language, text, count)
        except WorkbenchError as error:
            raise Unknown(str(error)) from error
        results = [
            {"language": name, "error": one}
            if isinstance(one, str)
            else {"language": name, "sentences": [sentence._asdict() for sentence in one]}
            for name, one in found.items()
        ]
        elapsed = round(1000 * (time.perf_counter() - began), 1)
        return {"language": language, "results": results, "milliseconds": elapsed}

    def suggestions(self, space: str, language: str, prefix: str) -> dict[str, Any]:
        """Frequent words that begin so; with no beginning, some to start from."""
        words = self._language(space, language).words
        if not prefix:
            head = [words[row] for row in range(min(len(words), _HEAD))]
            return {"words": content_words(head, _SUGGESTIONS) or head[:_SUGGESTIONS]}
        return {"words": words.beginning_with(prefix, _SUGGESTIONS)}

    def look_up(
        self,
        space: str,
        language: str,
        word: str,
        into: Sequence[str],
        count: int,
        *,
        is_exact: bool = False,
    ) -> dict[str, Any]:
        """The neighbours of a word in its own and other languages.

        Args:
            space: the name of a space.
            language: the word's.
            word: as written, else in lower case.
            into: the languages to look in; none for all.
            count: words for each.
            is_exact: look at all rows, even where there is a short list.

        Raises:
            Unknown: no such space, language or word.
        """
        began = time.perf_counter()
        place, source = self._space(space), self._language(space, language)
        for name in into:
            if name not in place.places:
                raise Unknown(f"no language '{name}' in '{space}'")
        row, query = _asked(source, word)
        if not query.any():
            raise Unknown(f"the vector of '{word}' is zero: it has no neighbours")
        names = list(into or place.places)
        rotated = None if is_exact else self._indexes.rotated(query)
        ask = Query(query, rotated, count)
        found = self._search(place, names, ask, {} if row is None else {language: row})
        return {
            "space": space,
            "language": language,
            **_facts(source, word, row),
            "results": [{"language": name, **found[name]} for name in names],
            "milliseconds": round(1000 * (time.perf_counter() - began), 1),
        }

    def word_list(
        self, space: str, source: str, target: str, count: int
    ) -> Iterator[tuple[str, str, float]]:
        """The most frequent words of a language, each with its nearest in another, and the cosine.

        Raises:
            Unknown: no such space or language, or they cannot be compared.
        """
        first, second = self._language(space, source), self._language(space, target)
        if first.width != second.width:
            raise Unknown(
                f"'{source}' is {first.width} wide and '{target}' {second.width}: not one space"
            )
        _ = first.lengths, second.lengths  # fail before the first line where a number is none
        return self._pairs(space, first, second, min(count, len(first)))

    def _pairs(
        self, space: str, first: LanguageVectors, second: LanguageVectors, count: int
    ) -> Iterator[tuple[str, str, float]]:
        shortlist = self._indexes.shortlist(space, second.name)
        for start in range(0, count, _LIST_BLOCK):
            rows = np.arange(start, min(start + _LIST_BLOCK, count))
            queries = first.unit_rows(rows)
            if shortlist is not None:
                candidates = shortlist.rows_of(shortlist.rotated(queries), shortlist.length)
            else:
                scores = products(second, np.ascontiguousarray(queries.T))
                scores /= np.where(second.lengths > 0, second.lengths, 1)[:, None]
                wanted = min(16, len(second))
                candidates = np.argpartition(-scores, wanted - 1, axis=0)[:wanted].T
            for row, query, some in zip(rows.tolist(), queries, candidates, strict=True):
                if query.any() and len(some):
                    best = ranked(second, query, some, 1)
                    yield first.words[row], second.words[int(best.rows[0])], float(best.cosines[0])

    def _search(
        self, space: Space, names: Sequence[str], ask: Query, without: dict[str, int]
    ) -> dict[str, Any]:
        """Short lists side by side; whole matrices in turn, as each product takes every core."""

        def quick(name: str) -> dict[str, Any] | None:
            return self._neighbors(space, name, ask, without.get(name, -1), is_exact=False)

        found = dict.fromkeys(names)
        if ask.rotated is not None:
            found = dict(zip(names, self._pool.map(quick, names), strict=True))
        with self._products:
            return {
                name: self._neighbors(space, name, ask, without.get(name, -1), is_exact=True)
                if found[name] is None
                else found[name]
                for name in names
            }

    def _neighbors(
        self, space: Space, name: str, ask: Query, without: int, *, is_exact: bool
    ) -> dict[str, Any] | None:
        """The answer of a language; None where its short list is not there but was to be used."""
        try:
            language = space.language(name)
            shortlist = None if is_exact else self._indexes.loaded(space, name)
            if is_exact:
                _ = language.lengths  # fails where a number is none
        except WorkbenchError as error:
            return {"error": str(error)}
        if language.width != len(ask.row):
            return {
                "error": f"{language.width} wide, the word's vector {len(ask.row)}: not one space"
            }
        if is_exact:
            found = nearest(language, ask.row, ask.top, without)
        elif shortlist is None or ask.rotated is None:
            return None
        else:
            rows = shortlist.rows_of(ask.rotated[None], shortlist.length_for(ask.top))[0]
            found = ranked(language, ask.row, rows, ask.top, without)
        return {"exact": is_exact, "neighbors": _named(language, found)}

    def _about(self, space: Space, name: str) -> dict[str, Any]:
        found = space.opened(name)
        if isinstance(found, WorkbenchError):
            return {"name": name, "error": str(found)}
        about: dict[str, Any] = {"name": name, "words": None}
        if found is not None:
            about |= {"words": len(found), "width": found.width}
        if shortlist := self._indexes.shortlist(space.name, name):
            about |= {"shortlist": shortlist.length, "recall": round(shortlist.recall, 4)}
        return about

    def _space(self, name: str) -> Space:
        if name not in self.spaces:
            raise Unknown(f"no vectors called '{name}'; there are: {', '.join(self.spaces)}")
        return self.spaces[name]

    def _language(self, space: str, name: str) -> LanguageVectors:
        found = self._space(space)
        if name not in found.places:
            raise Unknown(f"no language '{name}' in '{space}'")
        return found.language(name)


def _asked(language: LanguageVectors, word: str) -> tuple[int | None, FloatMatrix]:
    """Row and vector of a word; no row, and a composed vector, where it has none of its own."""
    try:
        row = _row(language, word)
    except Unknown:
        composed = language.composed(word)
        if composed is None:
            raise
        return None, composed
    return row, language.unit_row(row)


def _facts(language: LanguageVectors, word: str, row: int | None) -> dict[str, Any]:
    """What is known of the word that was asked for."""
    if row is None:
        return {"word": word, "rank": None, "count": 0, "composed": True}
    count = None if language.counts is None else int(language.counts[row])
    return {"word": language.words[row], "rank": row + 1, "count": count, "composed": count == 0}


def _row(language: LanguageVectors, word: str) -> int:
    for spelling in dict.fromkeys((word, word.lower(), word.capitalize())):
        row = language.words.row(spelling)
        if row is not None:
            return row
    raise Unknown(f"'{word}' is not among the {len(language):,} words of {language.name}")


def _named(language: LanguageVectors, found: Nearest) -> list[dict[str, Any]]:
    counts = language.counts
    return [
        {"word": language.words[row], "cosine": round(cosine, 4), "rank": row + 1}
        | ({"composed": True} if counts is not None and counts[row] == 0 else {})
        for row, cosine in zip(found.rows.tolist(), found.cosines.tolist(), strict=True)
    ]
