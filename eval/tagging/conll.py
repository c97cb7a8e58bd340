"""Read tagged sentences: CoNLL-U, and two columns of word and tag (PAN-X, UD-POS, CoNLL-2003)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from x2static.core.errors import DatasetError
from x2static.core.text.lines import numbered_lines

_CONLLU_COLUMNS = 10
_UPOS = 3
_NO_WORD = re.compile(r"\d+[-.]\d+")  # 3-4: a contraction, its words follow; 5.1: an empty node
_LANGUAGE_PREFIX = re.compile(r"[a-z]{2,3}(-[a-z]+)*:")


@dataclass(frozen=True, slots=True)
class TaggedSentence:
    """Words and their tags, one each."""

    words: tuple[str, ...]
    tags: tuple[str, ...]


def read_tagged(path: Path) -> list[TaggedSentence]:
    """The sentences of a file; a blank line ends one.

    A file whose rows have ten columns is CoNLL-U: form and universal tag are read, contractions and
    empty nodes left out. Any other is word and tag at the two ends of a row, behind tabs or spaces;
    ``#`` comments between sentences and ``-DOCSTART-`` are skipped, and the ``en:`` that WikiAnn's
    own files put before every word goes.

    Raises:
        DatasetError: it cannot be read, or a row has no tag; names file and line.
    """
    rows = list(_rows(path))
    is_conllu = any(len(row) == _CONLLU_COLUMNS for _, row in rows if row)
    pick = _conllu_pair if is_conllu else _column_pair
    sentences, words, tags = [], [], []
    for number, row in [*rows, (0, [])]:
        if row:
            pair = pick(row, f"{path}:{number}")
            if pair is not None:
                words.append(pair[0])
                tags.append(pair[1])
        elif words:
            sentences.append(TaggedSentence(tuple(words), tuple(tags)))
            words, tags = [], []
    if not sentences:
        raise DatasetError(f"{path}: no tagged sentence in it; expected word TAB tag, or CoNLL-U")
    return _without_prefix(sentences)


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """(line number, columns) of each row; an empty row where a sentence ends."""
    last, is_inside = 0, False
    for number, line in numbered_lines(path, DatasetError):
        if number != last + 1:  # blank lines are not among the numbered ones
            is_inside = False
            yield last + 1, []
        last = number
        # A word may be "#"; a comment stands before the sentence and has no tab.
        if not is_inside and line.startswith("#") and "\t" not in line:
            continue
        if line.startswith("-DOCSTART-"):
            continue
        columns = line.split("\t") if "\t" in line else line.split(" ")
        is_inside = True
        yield number, columns


def _column_pair(row: Sequence[str], place: str) -> tuple[str, str]:
    word, tag = row[0], row[-1].strip()
    if len(row) < 2 or not word or not tag:
        raise DatasetError(
            f"{place}: {' '.join(row)[:60]!r} is not a word and its tag; expected word TAB tag"
        )
    return word, tag


def _conllu_pair(row: Sequence[str], place: str) -> tuple[str, str] | None:
    if len(row) != _CONLLU_COLUMNS:
        raise DatasetError(f"{place}: {len(row)} columns; CoNLL-U has {_CONLLU_COLUMNS}")
    if _NO_WORD.fullmatch(row[0]):
        return None
    if not row[0].isdigit():
        raise DatasetError(f"{place}: {row[0][:60]!r} is no token number; CoNLL-U begins with one")
    if not row[1] or not row[_UPOS]:
        raise DatasetError(f"{place}: token {row[0][:60]} has no word or no universal tag")
    return row[1], row[_UPOS]


def _without_prefix(sentences: list[TaggedSentence]) -> list[TaggedSentence]:
    match = _LANGUAGE_PREFIX.match(sentences[0].words[0])
    if match is None or not all(w.startswith(match[0]) for s in sentences for w in s.words):
        return sentences
    cut = match.end()
    return [TaggedSentence(tuple(w[cut:] for w in s.words), s.tags) for s in sentences]
