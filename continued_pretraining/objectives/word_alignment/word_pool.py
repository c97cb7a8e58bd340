"""Words with static vectors, as the model's pieces, mapped from disk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from continued_pretraining.objectives.word_alignment.junk import is_junk as is_junk_word
from continued_pretraining.text.tokenizer import LineTokenizer
from x2static.core.errors import VectorFormatError
from x2static.core.storage.files import staged
from x2static.core.vector_file import read_vectors, write_vectors
from x2static.core.vectors import WordVectors
from x2static.teacher import PieceTable

_VERSION = 2


@dataclass(frozen=True)
class LanguageWords:
    """The usable words of one language.

    Attributes:
        language: its name.
        matrix: (V, E) their vectors, not normalised, in memory or mapped.
        pieces: the pieces of each.
        dropped: words left out: no pieces, too many pieces, or a vector of zeros.
        junk: rows left out that are no words.
    """

    language: str
    matrix: NDArray[Any]
    pieces: PieceTable
    dropped: int
    junk: int = 0

    def __len__(self) -> int:
        return len(self.matrix)

    @property
    def width(self) -> int:
        """E."""
        return int(self.matrix.shape[1])

    def ids_of(self, word: int) -> NDArray[np.int64]:
        """The pieces of a word."""
        first, end = self.pieces.offsets[word : word + 2]
        return self.pieces.ids[first:end].astype(np.int64)

    def unit_vectors(self, words: NDArray[np.int64]) -> NDArray[np.float32]:
        """(len(words), E) vectors of length 1."""
        rows = np.asarray(self.matrix[words], dtype=np.float32)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def read_words(
    language: str,
    paths: Sequence[Path],
    tokenizer: LineTokenizer,
    folder: Path,
    digest: str,
    limits: tuple[int, int],
    *,
    junk: bool = True,
) -> LanguageWords:
    """The words of a language's vector files; prepared once, kept beside the tokenized text.

    Args:
        language: its name.
        paths: vector files of one width; a word counts where it comes first.
        tokenizer: cuts words into pieces.
        folder: where prepared words lie.
        digest: changes whenever the files do.
        limits: words per file, and pieces per word.
        junk: keep rows that are no words.

    Raises:
        VectorFormatError: a file cannot be read, widths differ, or no word is usable.
    """
    text = f"{_VERSION} {digest} {limits} {junk} {tokenizer.description}"
    place = folder / f"words-{language}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    if not (place / "words.json").exists():
        with staged(place, own=True) as temporary:
            temporary.mkdir()
            _prepare(language, paths, tokenizer, temporary, limits, junk=junk)
    about = json.loads((place / "words.json").read_text(encoding="utf-8"))
    vectors = read_vectors(place / "vectors")
    table = PieceTable(np.load(place / "ids.npy"), np.load(place / "offsets.npy"))
    return LanguageWords(language, vectors.matrix, table, about["dropped"], about["junk"])


def _prepare(
    language: str,
    paths: Sequence[Path],
    tokenizer: LineTokenizer,
    folder: Path,
    limits: tuple[int, int],
    *,
    junk: bool,
) -> None:
    vectors = _read_all(paths, limits[0])
    table = tokenizer.words.encode(list(vectors.words))
    norms = np.linalg.norm(np.asarray(vectors.matrix, dtype=np.float32), axis=1)
    is_usable = (table.lengths > 0) & (table.lengths <= limits[1]) & (norms > 0)
    control = set(tokenizer.hugging_face.all_special_tokens)
    is_junk = np.array([not junk and is_junk_word(w, control) for w in vectors.words], dtype=bool)
    rows = np.flatnonzero(is_usable & ~is_junk)
    if not len(rows):
        raise VectorFormatError(
            f"{paths[0]}: none of its {len(vectors):,} words has pieces and a vector; "
            f"is this the vectors of {language}, and the right tokenizer?"
        )
    ids, begins = table.gather(rows.astype(np.int32))
    kept = WordVectors([vectors.words[row] for row in rows.tolist()], vectors.matrix[rows])
    write_vectors(kept, folder / "vectors", "safetensors")
    np.save(folder / "ids.npy", ids)
    np.save(folder / "offsets.npy", begins)
    about = {
        "words": len(rows),
        "dropped": int((~is_usable).sum()),
        "junk": int((is_usable & is_junk).sum()),
    }
    (folder / "words.json").write_text(json.dumps(about), encoding="utf-8")


def _read_all(paths: Sequence[Path], limit: int) -> WordVectors:
    parts = [read_vectors(path, limit=limit) for path in paths]
    if len({part.width for part in parts}) > 1:
        shown = ", ".join(f"{path} is {p.width}" for path, p in zip(paths, parts, strict=True))
        raise VectorFormatError(f"vectors of one language must have one width: {shown} wide")
    if len(parts) == 1:
        return parts[0]
    words: dict[str, NDArray[np.float32]] = {}
    for part in parts:
        for row, word in enumerate(part.words):
            words.setdefault(word, part.matrix[row])
    return WordVectors(list(words), np.stack(list(words.values())))
