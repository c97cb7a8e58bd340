"""Sentence pairs: two aligned files, one file of ``text TAB translation``, or texts with keys.

Keyed texts are ``SOURCE/LANGUAGE.tsv`` (plain, .gz, .xz, .zst) with lines of ``key TAB sentence``,
sorted by key. Two languages of one source are joined on the key, so any two of N languages make a
pair and nothing grows with the number of pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from x2static.core.errors import DatasetError
from x2static.core.text.lines import numbered_lines
from x2static.core.text.text_input import LineReader, decode_lines

_SHOWN = 40


@dataclass(frozen=True)
class Bitext:
    """Translations, one beside the other.

    Attributes:
        source: a sentence each.
        target: the translation of the sentence at the same place.
    """

    source: list[str]
    target: list[str]

    def __len__(self) -> int:
        return len(self.source)


def read_sentences(path: Path) -> list[str]:
    """The lines of a file that is aligned with another; an empty line inside is refused."""
    sentences: list[str] = []
    for number, line in numbered_lines(path, DatasetError):
        if number != len(sentences) + 1:
            raise DatasetError(
                f"{path}:{len(sentences) + 1}: empty line; aligned files need a sentence on each"
            )
        sentences.append(line)
    if not sentences:
        raise DatasetError(f"{path}: empty; expected one sentence a line")
    return sentences


def read_aligned(source: Path, target: Path) -> Bitext:
    """Two files in which line i of one translates line i of the other."""
    bitext = Bitext(read_sentences(source), read_sentences(target))
    if len(bitext.source) != len(bitext.target):
        raise DatasetError(
            f"{source}: {len(bitext.source)} sentences, {target}: {len(bitext.target)}; line i of "
            "one must translate line i of the other"
        )
    return bitext


def read_tabbed(path: Path) -> Bitext:
    """Lines of ``text TAB translation``; blank lines are passed over.

    Raises:
        DatasetError: a line without exactly one tab.
    """
    bitext = Bitext([], [])
    for number, line in numbered_lines(path, DatasetError):
        if not line.strip():
            continue
        texts = line.split("\t")
        if len(texts) != 2:
            raise DatasetError(
                f"{path}:{number}: expected a text, a tab and its translation, found "
                f"{len(texts) - 1} tabs"
            )
        bitext.source.append(texts[0].strip())
        bitext.target.append(texts[1].strip())
    return bitext


def read_keyed(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (key, sentence) of each line, a block of the file in memory at a time.

    Raises:
        DatasetError: a line without a tab, an empty side, keys out of order or given twice.
    """
    before = ""
    for block in LineReader(path):
        for number, line in enumerate(decode_lines(block).split("\n"), block.first_line):
            if not line:
                continue
            key, tab, sentence = line.partition("\t")
            place = f"{block.place}:{number}"
            if not tab or not key or not sentence.strip():
                raise DatasetError(
                    f"{place}: expected a key, a tab and a sentence, found {line[:_SHOWN]!r}"
                )
            if key <= before:
                what = "stands twice" if key == before else f"comes after {before!r}"
                raise DatasetError(
                    f"{place}: key {key!r} {what}; sort by key: LC_ALL=C sort -u -k1,1"
                )
            before = key
            yield key, sentence


def join_keyed(source: Path, target: Path) -> Iterator[tuple[str, str, str]]:
    """Yield (key, sentence, translation) of every key that both files have."""
    yield from join_sorted(read_keyed(source), read_keyed(target))


def join_sorted(
    first: Iterator[tuple[str, str]], second: Iterator[tuple[str, str]]
) -> Iterator[tuple[str, str, str]]:
    """Yield (key, sentence, translation) of every key that both have; keys are sorted.

    Both are read once, side by side; memory does not grow with their length.
    """
    left, right = next(first, None), next(second, None)
    while left is not None and right is not None:
        if left[0] == right[0]:
            yield left[0], left[1], right[1]
            left, right = next(first, None), next(second, None)
        elif left[0] < right[0]:
            left = next(first, None)
        else:
            right = next(second, None)
