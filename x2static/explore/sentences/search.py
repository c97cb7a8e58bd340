"""Sentences of several languages' texts, nearest to a sentence that was typed.

A sentence is the mean of its words' rows, weighed by rarity and without the direction that all
sentences of its language share: the same as in `x2static export --languages`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from x2static.core.errors import ConfigError, DatasetError, WorkbenchError
from x2static.core.formats.many_languages import sentence_rows
from x2static.core.formats.static_embedding import is_unspaced
from x2static.core.lexicons.from_bitext import words_of
from x2static.core.normalize import unit
from x2static.core.storage.source_file import why_no_file
from x2static.core.text.lines import numbered_lines
from x2static.core.vectors import FloatMatrix, WordVectors

MOST_SENTENCES = 50_000
_LONGEST_RUN = 16


class Hit(NamedTuple):
    """A sentence of a text, and how near it is."""

    text: str
    line: int
    cosine: float


class Encoder:
    """Turns sentences of one language into rows."""

    def __init__(self, vectors: WordVectors) -> None:
        """Weigh the words; capitals are tried where a word in lower case is not known."""
        self._rows = sentence_rows(vectors)
        self._index = vectors.index

    def encode(self, sentences: Sequence[str]) -> FloatMatrix:
        """(B, D) one unit row a sentence; zeros where no word is known."""
        matrix = np.zeros((len(sentences), self._rows.shape[1]), np.float32)
        for number, sentence in enumerate(sentences):
            rows = list(self._rows_in(sentence))
            if rows:
                matrix[number] = self._rows[rows].mean(axis=0)
        return unit(matrix)

    def _rows_in(self, sentence: str) -> Iterator[int]:
        for word in words_of(sentence):
            row = self._row(word)
            if row is not None:
                yield row
            else:
                yield from self._inside(word)

    def _row(self, word: str) -> int | None:
        forms = (word, word.capitalize(), word.upper())
        return next((self._index[form] for form in forms if form in self._index), None)

    def _inside(self, text: str) -> Iterator[int]:
        """Words of a script without spaces, the longest first, from the left."""
        start = 0
        while start < len(text):
            end = min(len(text), start + _LONGEST_RUN)
            while end > start:
                if is_unspaced(text[start:end]) and text[start:end] in self._index:
                    yield self._index[text[start:end]]
                    break
                end -= 1
            start = max(end, start + 1)


class SentenceSearch:
    """Looks sentences up in texts; a text is read when it is first needed."""

    def __init__(self, files: Mapping[str, Path], vectors_of: Callable[[str], WordVectors]) -> None:
        """Take the texts.

        Args:
            files: by language, one sentence a line.
            vectors_of: the aligned vectors of a language.

        Raises:
            ConfigError: a file is not there.
        """
        for path in files.values():
            if not path.is_file():
                raise ConfigError(f"--texts: {path}: {why_no_file(path)}")
        self._files, self._vectors_of = dict(files), vectors_of
        self._lock = threading.Lock()
        self._encoders: dict[str, Encoder] = {}
        self._texts: dict[str, tuple[list[tuple[int, str]], FloatMatrix]] = {}

    @property
    def languages(self) -> list[str]:
        """Those that have a text."""
        return list(self._files)

    def look_up(self, language: str, text: str, count: int) -> dict[str, list[Hit] | str]:
        """The nearest sentences of every text; an error in words for one that cannot be read.

        Raises:
            WorkbenchError: no word of the sentence has a vector.
        """
        with self._lock:
            row = self._encoder(language).encode([text])[0]
            if not row.any():
                raise WorkbenchError(f"no word of the sentence has a vector in '{language}'")
            found: dict[str, list[Hit] | str] = {}
            for name in self._files:
                try:
                    found[name] = self._nearest(name, row, count)
                except WorkbenchError as error:
                    found[name] = str(error)
        return found

    def _nearest(self, name: str, row: FloatMatrix, count: int) -> list[Hit]:
        sentences, matrix = self._text(name)
        if matrix.shape[1] != len(row):
            raise WorkbenchError(f"{matrix.shape[1]} wide, the sentence {len(row)}: not one space")
        cosines: NDArray[np.float32] = matrix @ row
        best = np.argsort(-cosines, kind="stable")[:count].tolist()
        return [Hit(sentences[at][1], sentences[at][0], float(cosines[at])) for at in best]

    def _encoder(self, name: str) -> Encoder:
        if name not in self._encoders:
            self._encoders[name] = Encoder(self._vectors_of(name))
        return self._encoders[name]

    def _text(self, name: str) -> tuple[list[tuple[int, str]], FloatMatrix]:
        if name not in self._texts:
            sentences: list[tuple[int, str]] = []
            for number, line in numbered_lines(self._files[name], DatasetError):
                if len(sentences) == MOST_SENTENCES:
                    break
                sentences.append((number, line.strip()))
            if not sentences:
                raise DatasetError(f"{self._files[name]}: no sentence there")
            rows = self._encoder(name).encode([text for _, text in sentences])
            self._texts[name] = sentences, rows
        return self._texts[name]
