"""First pairs from words: a dictionary, identical strings, or numerals."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from align.vecmap.induce.arrays import AlignmentError
from align.vecmap.pairs import PairRows
from align.vecmap.presets import Seeds
from x2static.core.errors import LexiconError
from x2static.core.lexicons.cldr import cldr_lexicon, names_cldr
from x2static.core.messages import warn
from x2static.core.text.lexicon import Lexicon, advise_direction, read_lexicon
from x2static.core.vectors import WordVectors

_NUMERAL = re.compile(r"[0-9]+")


@dataclass(frozen=True)
class KnownPairs:
    """How many pairs of a dictionary both vocabularies know.

    Attributes:
        pairs: those whose two words are known, each once.
        lexicon_pairs: all that the dictionary has.
        dropped_phrases: lines left out since a side has several words.
        cleaned_commas: pairs of which a word had a comma at its end.
    """

    pairs: int
    lexicon_pairs: int
    dropped_phrases: int
    cleaned_commas: int = 0

    def __str__(self) -> str:
        phrases = self.dropped_phrases
        dropped = f"; {phrases:,} phrase{'s' * (phrases > 1)} left out" if phrases else ""
        if self.cleaned_commas:
            dropped += f"; commas taken off in {self.cleaned_commas:,} pairs"
        covered = f"{self.pairs:,} of {self.lexicon_pairs:,} pairs"
        return f"{covered} have both words in the vectors{dropped}"


class FirstPairs(NamedTuple):
    """What a method starts from.

    Attributes:
        rows: of the pairs; None where the method starts without any.
        coverage: of the dictionary, if they come from one.
    """

    rows: PairRows | None
    coverage: KnownPairs | None = None


def seed_pairs(
    kind: Seeds,
    source: WordVectors,
    target: WordVectors,
    lexicon: Path | None,
    *,
    may_be_none: bool = False,
) -> FirstPairs:
    """Find the first pairs; warns where the dictionary would serve better turned round.

    Args:
        kind: where the pairs come from.
        source: vectors of the source language.
        target: vectors of the target language.
        lexicon: the dictionary for ``"lexicon"``.
        may_be_none: words spelled alike are welcome, and not needed.
    """
    if kind == "unsupervised":
        return FirstPairs(None)
    if kind == "lexicon":
        if lexicon is None:
            raise LexiconError("seeds 'lexicon' are a dictionary's pairs: give its file")
        return pairs_from(open_lexicon(lexicon), source, target, str(lexicon))
    same = [word for word in source.words if word in target.index]
    if kind == "numerals":
        same = [word for word in same if _NUMERAL.fullmatch(word)]
    if not same and may_be_none:
        return FirstPairs(None)
    if not same:
        what = "numerals" if kind == "numerals" else "words"
        raise LexiconError(
            f"the vocabularies share no {what}; give a dictionary, or start unsupervised"
        )
    return FirstPairs(PairRows(source.rows_of(same), target.rows_of(same)))


def few_pairs(rows: PairRows, width: int) -> str | None:
    """A warning where the pairs leave most of a whole matrix to chance."""
    if len(rows.source) >= width:
        return None
    return (
        f"{len(rows.source)} pairs leave much of a map of {width} dimensions to chance: give "
        "more, or learn with tuned or by self-learning"
    )


def lexicon_rows(
    lexicon: Lexicon, source: WordVectors, target: WordVectors, place: str
) -> PairRows:
    """The rows of the pairs whose two words are known.

    Words are looked up as written, and where that fails in lower case.

    Raises:
        LexiconError: no pair is known; says so if the other direction would serve.
    """
    found = _known(lexicon, source, target)
    if not found:
        advice = advise_direction(lexicon, source.index, target.index)
        shown = ", ".join(f"'{a} {b}'" for a, b in lexicon.pairs[:2])
        raise LexiconError(
            f"{place}: {advice}"
            if advice
            else f"{place}: none of {len(lexicon)} pairs is in both vocabularies (pairs such as "
            f"{shown}; source words such as {_shown(source.words)}, target {_shown(target.words)})"
        )
    rows = np.array(found, dtype=np.int64)
    return PairRows(rows[:, 0].copy(), rows[:, 1].copy())


def open_lexicon(path: Path) -> Lexicon:
    """The dictionary in a file, or in the box: ``cldr:de-en``."""
    return cldr_lexicon(str(path)) if names_cldr(path) else read_lexicon(path)


def pairs_from(
    lexicon: Lexicon, source: WordVectors, target: WordVectors, place: str
) -> FirstPairs:
    """The pairs of a dictionary; warns where it would serve better turned round."""
    rows = lexicon_rows(lexicon, source, target, place)
    if remark := advise_direction(lexicon, source.index, target.index):
        warn(f"{place}: {remark}")
    phrases = lexicon.dropped.get("phrase", 0)
    coverage = KnownPairs(len(rows.source), len(lexicon), phrases, lexicon.commas)
    return FirstPairs(rows, coverage)


def _known(lexicon: Lexicon, source: WordVectors, target: WordVectors) -> list[tuple[int, int]]:
    rows = ((_row(a, source.index), _row(b, target.index)) for a, b in lexicon)
    return list(dict.fromkeys((a, b) for a, b in rows if a >= 0 and b >= 0))


def _row(word: str, index: dict[str, int]) -> int:
    row = index.get(word, -1)
    return index.get(word.lower(), -1) if row < 0 else row


def _shown(words: Sequence[str] | Collection[str]) -> str:
    return ", ".join(repr(word) for word in list(words)[:3])


def check_same_width(first: WordVectors, second: WordVectors, places: tuple[Path, Path]) -> None:
    """Raise `AlignmentError` where two languages differ in width."""
    if first.width != second.width:
        raise AlignmentError(
            f"{places[0]} is {first.width} wide and {places[1]} {second.width}: both languages "
            "need one width; train them alike"
        )
