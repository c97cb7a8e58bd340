"""A prepared corpus as word numbers on disk: read once as text, then at random at no cost.

The index holds every token as a 32-bit word number and the place where each sentence ends. Memory
holds the distinct words only; the numbers are memory-mapped.
"""

from __future__ import annotations

import json
import mmap
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from x2static.core.errors import CorpusError
from x2static.core.storage.files import staged
from x2static.core.text.text_input import LineReader, decode_lines

_FLUSH_TOKENS = 1 << 20


@dataclass(frozen=True)
class CorpusIndex:
    """A corpus as numbers.

    Attributes:
        words: every distinct word, by first appearance.
        counts: (N,) occurrences of each.
        tokens: word numbers of all sentences, end to end (memory-mapped).
        ends: where each sentence ends in ``tokens`` (memory-mapped).
    """

    words: list[str]
    counts: NDArray[np.int64]
    tokens: NDArray[np.int32]
    ends: NDArray[np.int64]

    @property
    def num_sentences(self) -> int:
        """Sentences in the corpus."""
        return len(self.ends)

    def sentences(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Tokens of the given sentences end to end, and each one's length."""
        ends = self.ends[rows]
        starts = np.where(rows > 0, self.ends[np.maximum(rows, 1) - 1], 0)
        lengths = ends - starts
        total = np.cumsum(lengths)
        flat = np.arange(total[-1] if len(total) else 0, dtype=np.int64)
        flat += np.repeat(starts - (total - lengths), lengths)
        tokens = self.tokens[flat]
        self._let_go()
        return tokens, lengths

    def _let_go(self) -> None:
        """Hand the pages just read back, so that resident memory does not grow with the corpus."""
        mapped = getattr(self.tokens, "_mmap", None)
        if mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
            mapped.madvise(mmap.MADV_DONTNEED)


def check_corpus(path: Path) -> None:
    """Read a corpus once, before anything is made that a fault in it would leave behind.

    Raises:
        CorpusError: it cannot be read, is no UTF-8 (names file and line), or holds no sentence.
    """
    has_text = False
    for block in LineReader(path):
        text = decode_lines(block)
        has_text = has_text or bool(text.strip())
    if not has_text:
        raise CorpusError(f"{path}: no sentence in it; check --corpus and how it was prepared")


def build_index(
    sentences: Iterator[str],
    folder: Path,
    normalize: Callable[[str], str] | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> None:
    """Write the index of a stream of sentences (tokens joined by spaces) into a new folder."""
    with staged(folder, own=True) as temporary:
        temporary.mkdir()
        numbers: dict[str, int] = {}
        counts, ends, block = array("q"), array("q"), array("i")
        total = 0
        with (temporary / "tokens.i32").open("wb") as token_file:
            for sentence in sentences:
                tokens = (normalize(sentence) if normalize else sentence).split()
                if not tokens:
                    continue
                for token in tokens:
                    number = numbers.setdefault(token, len(numbers))
                    if number == len(counts):
                        counts.append(0)
                    counts[number] += 1
                    block.append(number)
                total += len(tokens)
                ends.append(total)
                if len(block) >= _FLUSH_TOKENS:
                    block.tofile(token_file)
                    del block[:]
                if on_progress:
                    on_progress(1)
            block.tofile(token_file)
        if not ends:
            raise CorpusError(
                "the corpus holds no sentence; check --corpus and how it was prepared"
            )
        np.asarray(ends, dtype=np.int64).tofile(temporary / "ends.i64")
        np.asarray(counts, dtype=np.int64).tofile(temporary / "counts.i64")
        (temporary / "words.json").write_text(json.dumps(list(numbers)), encoding="utf-8")


def open_index(folder: Path) -> CorpusIndex:
    """Map an index that `build_index` wrote."""
    words: list[str] = json.loads((folder / "words.json").read_text(encoding="utf-8"))
    return CorpusIndex(
        words,
        np.fromfile(folder / "counts.i64", dtype=np.int64),
        np.memmap(folder / "tokens.i32", dtype=np.int32, mode="r"),
        np.memmap(folder / "ends.i64", dtype=np.int64, mode="r"),
    )
