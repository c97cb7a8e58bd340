"""Hand things in memory to stages that read files, and take their files back into memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from x2static.core.errors import ConfigError, WorkbenchError
from x2static.core.labels import as_file_name
from x2static.core.messages import as_known, unsaid
from x2static.core.text.lexicon import Lexicon
from x2static.core.vector_file import read_vectors, write_vectors
from x2static.core.vectors import WordVectors

Text: TypeAlias = "Path | str | Iterable[str | Sequence[str]]"
Pairs: TypeAlias = "Path | str | Lexicon | Mapping[str, str] | Iterable[tuple[str, str]]"
Vectors: TypeAlias = "Path | str | WordVectors | tuple[Sequence[str], Any] | Any"


class HandOver:
    """A temporary folder in which things lie as files while a stage runs.

    What is said of such a file names it by its part, ``source`` or ``pairs``, without the folder.
    """

    def __init__(self) -> None:
        self._open = ExitStack()

    def __enter__(self) -> HandOver:
        """Use it."""
        folder = self._open.enter_context(tempfile.TemporaryDirectory(prefix="x2static-"))
        place = Path(folder).resolve()
        self._given, self._made = place / "given", place / "made"
        self._given.mkdir()
        for part in (self._given, self._made):
            self._open.enter_context(unsaid(str(part)))
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        """Delete the folder."""
        if isinstance(error, WorkbenchError):
            error.args = (as_known(str(error)),)
        self._open.close()

    def output(self, given: Path | str | None, name: str) -> Path:
        """Where a stage shall write: the place given, or one that goes with the folder."""
        return self._made / name if given is None else Path(given).expanduser()

    def text(self, text: Text, part: str = "text") -> Path:
        """A path to a text; sentences are written one a line."""
        if isinstance(text, (Path, str)):
            return Path(text).expanduser()
        lines = [line if isinstance(line, str) else _joined(line) for line in text]
        for place, line in enumerate(lines):
            if not isinstance(line, str) or "\n" in line:
                raise ConfigError(f"sentence {place}: expected one line of text, got {line!r:.60}")
        path = self._place(part)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
        return path

    def pairs(self, pairs: Pairs) -> Path:
        """A path to a dictionary."""
        if isinstance(pairs, (Path, str)):
            return Path(pairs).expanduser()
        items = pairs.items() if isinstance(pairs, Mapping) else pairs
        lines = []
        for place, pair in enumerate(items):
            if len(pair) != 2 or any("\t" in word or "\n" in word for word in pair):
                raise ConfigError(f"pair {place}: expected two words, got {pair!r:.60}")
            lines.append(f"{pair[0]}\t{pair[1]}\n")
        path = self._place("pairs")
        path.write_text("".join(lines), encoding="utf-8", newline="\n")
        return path

    def pairs_by_name(self, pairs: Mapping[str, Pairs], names: Iterable[str]) -> str:
        """A pattern of paths to dictionaries, ``{}`` for the name."""
        folder = self._place("lexicons")
        folder.mkdir()
        for name in names:
            if name not in pairs:
                raise ConfigError(f"lexicons: none for '{name}'")
            (folder / name).write_bytes(self.pairs(pairs[name]).read_bytes())
        return str(folder / "{}")

    def vectors(self, vectors: Vectors, part: str = "vectors") -> Path:
        """A path to word vectors."""
        if isinstance(vectors, (Path, str)):
            return Path(vectors).expanduser()
        path = self._place(part)
        write_vectors(_word_vectors(vectors), path, "safetensors")
        return path

    def vectors_from(self, path: Path) -> WordVectors:
        """Vectors that a stage wrote, in memory of their own: their file may be about to go."""
        found = read_vectors(path)
        counts = None if found.counts is None else np.array(found.counts)
        return WordVectors(list(found.words), np.array(found.matrix), counts)

    def _place(self, part: str) -> Path:
        """A free one; a part that is there twice is numbered."""
        path, number = self._given / as_file_name(part), 1
        while path.exists():
            number += 1
            path = path.with_name(f"{as_file_name(part)}-{number}")
        return path


def _joined(tokens: Any) -> Any:
    """A list of tokens as one line; what else there is is left for the complaint."""
    if isinstance(tokens, (list, tuple)) and all(isinstance(token, str) for token in tokens):
        return " ".join(tokens)
    return tokens


def _word_vectors(vectors: Any) -> WordVectors:
    """`WordVectors` of what may be gensim's KeyedVectors or (words, matrix)."""
    if isinstance(vectors, WordVectors):
        return vectors
    if hasattr(vectors, "index_to_key") and hasattr(vectors, "vectors"):
        vectors = (vectors.index_to_key, vectors.vectors)
    if not (isinstance(vectors, tuple) and len(vectors) == 2):
        raise ConfigError(
            f"expected a path, WordVectors, KeyedVectors or (words, matrix), got {type(vectors)}"
        )
    words, matrix = vectors
    return WordVectors(list(words), np.ascontiguousarray(matrix, dtype=np.float32))
