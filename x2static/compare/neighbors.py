"""Words whose nearest words are others in the second run than in the first."""

from __future__ import annotations

from dataclasses import dataclass

from x2static.report.read.run_folder import RunFolder
from x2static.report.read.spaces import Space, read_spaces
from x2static.report.read.word_choice import content_words


@dataclass(frozen=True)
class Changed:
    """A word of the hub, and its nearest words in one language.

    Attributes:
        language: of the neighbours.
        word: of the hub.
        first: its neighbours in the first run.
        second: in the second.
    """

    language: str
    word: str
    first: list[str]
    second: list[str]

    @property
    def kept(self) -> float:
        """Share of the first run's neighbours that are still there."""
        return len(set(self.first) & set(self.second)) / max(len(self.first), 1)


def changed_neighbors(
    first: RunFolder, second: RunFolder, words: int, top: int, limit: int
) -> dict[str, list[Changed]]:
    """By language, for frequent content words that both runs know, those that changed most first.

    The languages of the last space that each run has, aligned where there is such a space.
    """
    spaces = [read_spaces(run, limit) for run in (first, second)]
    if not words or not all(spaces):
        return {}
    one, two = (found[-1] for found in spaces)
    home = _home(first, second, one, two)
    if home is None:
        return {}
    known = one.languages[home].vectors
    both = [word for word in known.words if word in two.languages[home].vectors]
    asked = content_words(both, words)
    found = {}
    for language in one.languages:
        if language in two.languages and asked:
            rows = _compared(one, two, home, language, asked, top)
            found[language] = sorted(rows, key=lambda row: row.kept)
    return found


def _home(first: RunFolder, second: RunFolder, one: Space, two: Space) -> str | None:
    shared = [name for name in one.languages if name in two.languages]
    wanted = [hub for hub in (second.hub, first.hub) if hub in shared]
    return next(iter([*wanted, *shared]), None)


def _compared(
    one: Space, two: Space, home: str, language: str, words: list[str], top: int
) -> list[Changed]:
    near = []
    for space in (one, two):
        found = space.nearest(space.rows(home, words), language, top + 1)
        near.append(
            [
                [other for other, _ in row if language != home or other != word][:top]
                for word, row in zip(words, found, strict=True)
            ]
        )
    return [Changed(language, word, a, b) for word, a, b in zip(words, *near, strict=True)]
