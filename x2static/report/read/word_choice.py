"""Which words are shown when nobody chose any: frequent ones that carry meaning."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

from x2static.commands import evaluations
from x2static.core.errors import LexiconError
from x2static.core.text.lexicon import read_lexicon
from x2static.core.vectors import WordVectors
from x2static.report.read.run_folder import RunFolder, Table, tables, text

# The words before are mostly articles, prepositions and the like, in every language we looked at.
_FIRST_RANK = 150
_SHORTEST, _SHORTEST_IDEOGRAPHS = 4, 2
_IDEOGRAPHS = 0x2E80  # from here on, two letters make a word


def content_words(words: Sequence[str], count: int) -> list[str]:
    """The ``count`` most frequent words of letters alone, of some length, behind rank 150.

    A small vocabulary has its function words earlier: the first 20th of it is passed over.
    """
    found: list[str] = []
    for word in words[min(_FIRST_RANK, len(words) // 20) :]:
        if len(found) == count:
            break
        if is_content(word):
            found.append(word)
    return found


def is_content(word: str) -> bool:
    """Whether a word is made of letters and marks, and is not very short."""
    shortest = _SHORTEST_IDEOGRAPHS if ord(word[0]) >= _IDEOGRAPHS else _SHORTEST
    return len(word) >= shortest and all(unicodedata.category(letter)[0] in "LM" for letter in word)


def example_words(run: RunFolder, hub: str, vectors: WordVectors, count: int) -> list[str]:
    """Content words of the hub; those in as many test dictionaries as it takes to find enough.

    They are spread over the ranks, so that not all are the most frequent ones. Nothing looks at
    how well they are translated.
    """
    candidates = content_words(vectors.words, min(4000, max(len(vectors) // 4, count)))
    dictionaries = list(_dictionary_words(run, hub))
    for least in range(len(dictionaries), 0, -1):
        listed = [w for w in candidates if sum(w in known for known in dictionaries) >= least]
        if len(listed) >= count:
            candidates = listed
            break
    else:
        candidates = candidates[: 20 * count]
    step = max(1, len(candidates) // max(count, 1))
    return candidates[::step][:count]


def _dictionary_words(run: RunFolder, hub: str) -> Iterator[set[str]]:
    """The hub's words in the dictionary of each language's scores, if such a thing was scored."""
    for one in evaluations().values():
        scores: dict[str, Table] = {}
        for stage in one.stages():
            scores.update(run.scores(stage))
        for content in scores.values():
            yield from _of_scores(run, hub, content)


def _of_scores(run: RunFolder, hub: str, content: Table) -> Iterator[set[str]]:
    for row in tables(content.get("rows"))[:1]:
        place = Path(text(row, "lexicon"))
        for path in (run.root / place, place):
            if path.is_file():
                try:
                    pairs = read_lexicon(path, lowercase=True).pairs
                except LexiconError:
                    break
                names = [Path(text(row, side)).name for side in ("source", "target")]
                if hub in names:
                    yield {pair[names.index(hub)] for pair in pairs}
                break
