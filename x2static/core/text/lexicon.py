"""Bilingual dictionaries: which target words translate a source word.

Layouts, told apart line by line:

* MUSE: ``source target`` separated by one space, or by a tab;
* XLING: a tab between the words;
* PanLex TSV: a tab between expressions that may be phrases, perhaps further columns (not read),
  perhaps a first line of language codes (``eng-000 TAB deu-000``, skipped).

Rules: blank lines, carriage returns and a byte order mark are ignored; a pair that comes twice
counts once; the order is the file's. A comma that MUSE's files leave after a word is taken off and
counted. Anything else is an error with its line number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Container, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from x2static.core.errors import LexiconError
from x2static.core.text.lines import ASCII_SPACE, numbered_lines

Pair = tuple[str, str]

_LANGUAGE_CODE = re.compile(r"[a-z]{2,3}(-\d{3})?")
_SPACES = re.compile(f"[{ASCII_SPACE}]+")  # other white space is legal inside a word
_SHOWN = 60


@dataclass(frozen=True)
class Coverage:
    """How much of a dictionary two vocabularies know.

    Attributes:
        queries: distinct source words of the dictionary.
        covered: those with at least one pair whose two words are known.
        source_known: those that are in the source vocabulary.
        pairs: distinct pairs.
        covered_pairs: pairs whose two words are known.
    """

    queries: int
    covered: int
    source_known: int
    pairs: int
    covered_pairs: int

    @property
    def rate(self) -> float:
        """Covered share of the source words; 0 for an empty dictionary."""
        return self.covered / self.queries if self.queries else 0.0


@dataclass(frozen=True, eq=False)
class Lexicon:
    """Distinct translation pairs in the order of their source.

    Attributes:
        pairs: (source word, target word), each once.
        dropped: how many lines were left out on reading, by reason.
        commas: how many pairs had a comma after a word, which was taken off.
    """

    pairs: tuple[Pair, ...]
    dropped: dict[str, int] = field(default_factory=dict)
    commas: int = 0

    @classmethod
    def of(cls, pairs: Iterable[Pair]) -> Lexicon:
        """A lexicon of the given pairs; a repeated one counts once, at its first place."""
        return cls(tuple(dict.fromkeys(pairs)))

    def __len__(self) -> int:
        return len(self.pairs)

    def __iter__(self) -> Iterator[Pair]:
        return iter(self.pairs)

    @cached_property
    def translations(self) -> dict[str, tuple[str, ...]]:
        """Target words of each source word, both in order of appearance."""
        table: dict[str, list[str]] = {}
        for source, target in self.pairs:
            table.setdefault(source, []).append(target)
        return {source: tuple(targets) for source, targets in table.items()}

    def inverse(self) -> Lexicon:
        """The same pairs from target to source."""
        return Lexicon.of((target, source) for source, target in self.pairs)

    def mapped(self, spell: Callable[[str], str]) -> Lexicon:
        """Every word respelled, by ``str.lower`` say; pairs that become equal count once."""
        return Lexicon.of((spell(source), spell(target)) for source, target in self.pairs)

    def within(self, source: Container[str], target: Container[str]) -> Lexicon:
        """The pairs whose two words are known."""
        return Lexicon.of(pair for pair in self.pairs if pair[0] in source and pair[1] in target)

    def split(self, num_sources: int) -> tuple[Lexicon, Lexicon]:
        """The pairs of the first ``num_sources`` distinct source words, and the rest.

        All pairs of a source word stay on one side, so a test word is never half seen in training.
        """
        first = set(list(self.translations)[:num_sources])
        return (
            Lexicon.of(pair for pair in self.pairs if pair[0] in first),
            Lexicon.of(pair for pair in self.pairs if pair[0] not in first),
        )

    def coverage(self, source: Container[str], target: Container[str]) -> Coverage:
        """Count what two vocabularies know of it."""
        known = [pair for pair in self.pairs if pair[0] in source and pair[1] in target]
        return Coverage(
            queries=len(self.translations),
            covered=len({word for word, _ in known}),
            source_known=sum(word in source for word in self.translations),
            pairs=len(self.pairs),
            covered_pairs=len(known),
        )


def read_lexicon(path: Path, *, lowercase: bool = False) -> Lexicon:
    """Read a dictionary in any of the layouts above; phrases are left out and counted.

    Args:
        path: UTF-8 text, perhaps ``.gz``.
        lowercase: lower-case both words.
    """
    pairs: dict[Pair, None] = {}
    dropped = {"duplicate": 0, "phrase": 0}
    commas = 0
    for number, line in numbered_lines(path, LexiconError):
        source, target = _cells(line, f"{path}:{number}")
        if number == 1 and "\t" in line and _is_code_header(source, target):
            continue
        if _SPACES.search(source) or _SPACES.search(target):
            dropped["phrase"] += 1
            continue
        pair = (source.lower(), target.lower()) if lowercase else (source, target)
        cleaned = (_without_comma(pair[0]), _without_comma(pair[1]))
        commas += cleaned != pair
        pair = cleaned
        dropped["duplicate"] += pair in pairs
        pairs[pair] = None
    if not pairs:
        why = f"all {dropped['phrase']} pairs are phrases" if dropped["phrase"] else "it is empty"
        raise LexiconError(f"{path}: no pair of single words: {why}")
    return Lexicon(tuple(pairs), dropped, commas)


def advise_direction(
    lexicon: Lexicon, source: Collection[str], target: Collection[str]
) -> str | None:
    """A remark where the dictionary turned round covers far more, else None."""
    here = lexicon.coverage(source, target).covered_pairs
    turned = lexicon.inverse().coverage(source, target).covered_pairs
    if turned <= 2 * here:
        return None
    return (
        f"it covers {here} of {len(lexicon)} pairs as it is and {turned} the other way round: "
        "swap its columns, or --source and --target"
    )


def _cells(line: str, place: str) -> Pair:
    line = line.strip(" \r\v\f")  # a tab at an end is an empty column, not a border
    cells = line.split("\t") if "\t" in line else _SPACES.split(line)
    cells = [cell.strip(ASCII_SPACE) for cell in cells]
    if len(cells) < 2 or not (cells[0] and cells[1]):
        raise LexiconError(f"{place}: expected two words, found {line[:_SHOWN]!r}")
    if "\t" not in line and len(cells) > 2:
        raise LexiconError(
            f"{place}: {len(cells)} words without a tab: {line[:_SHOWN]!r}; phrases need a tab"
        )
    return cells[0], cells[1]


def _without_comma(word: str) -> str:
    """The word; MUSE's files have some with the comma of a list, ``word,``."""
    return word.rstrip(",") or word


def _is_code_header(source: str, target: str) -> bool:
    codes = [_LANGUAGE_CODE.fullmatch(cell) for cell in (source, target)]
    return all(codes) and any(code and code[1] for code in codes)
