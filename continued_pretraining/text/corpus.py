"""Text as piece ids on disk: tokenized once, mapped into memory, cut into sequences.

A language's folder holds ``ids`` (all pieces, end to end) and ``lines`` (where each line begins).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from continued_pretraining.text.lines import iter_lines
from continued_pretraining.text.tokenizer import LineTokenizer
from x2static.core.errors import CorpusError
from x2static.core.progress import Progress
from x2static.core.storage.files import staged
from x2static.teacher.legibility import Legibility

_LINES_AT_ONCE = 4096
_VERSION = 1


@dataclass(frozen=True)
class TokenizedText:
    """The pieces of a language's text, mapped from disk.

    Attributes:
        ids: (T,) piece ids of all lines, without control tokens.
        lines: (N + 1,) where each line begins in ``ids``.
        legibility: how much of it the tokenizer could read; None if prepared before that was noted.
    """

    ids: NDArray[Any]
    lines: NDArray[np.int64]
    legibility: Legibility | None = None


class Sequences:
    """A text cut into training sequences.

    Either blocks, all of one length but the last, that run on across lines; or lines, of which
    those that are too long are cut into equal parts.
    """

    def __init__(self, text: TokenizedText, unit: str, length: int) -> None:
        """Cut; ``length`` is the most pieces of a sequence, without control tokens."""
        self._ids = text.ids
        if unit == "blocks":
            starts = np.arange(0, len(text.ids), length, dtype=np.int64)
            self._starts = np.append(starts, len(text.ids))
        else:
            lengths = np.diff(text.lines)
            parts = -(-lengths // length)
            firsts = np.repeat(text.lines[:-1], parts)
            number = np.arange(len(firsts)) - np.repeat(np.cumsum(parts) - parts, parts)
            spread = np.repeat(lengths, parts) * number // np.repeat(parts, parts)
            self._starts = np.append(firsts + spread, len(text.ids))

    def __len__(self) -> int:
        return len(self._starts) - 1

    def __getitem__(self, item: int) -> NDArray[np.int64]:
        return self._ids[self._starts[item] : self._starts[item + 1]].astype(np.int64)


def tokenize(
    language: str, paths: Sequence[Path], tokenizer: LineTokenizer, folder: Path, digest: str
) -> TokenizedText:
    """The pieces of a language's text, from the cache or else made now.

    Args:
        language: for messages and the name in the cache.
        paths: its text files.
        tokenizer: cuts lines into pieces.
        folder: where tokenized texts lie.
        digest: changes whenever the text does.

    Raises:
        CorpusError: the text cannot be read or is empty.
    """
    key = hashlib.sha256(f"{_VERSION} {digest} {tokenizer.description}".encode()).hexdigest()[:16]
    place = folder / f"{language}-{key}"
    if not (place / "text.json").exists():
        with staged(place, own=True) as temporary:
            temporary.mkdir()
            _write(language, paths, tokenizer, temporary)
    return read_tokens(place)


def read_tokens(place: Path) -> TokenizedText:
    """A tokenized text from its folder."""
    about = json.loads((place / "text.json").read_text(encoding="utf-8"))
    ids = np.memmap(place / "ids", dtype=about["dtype"], mode="r")
    noted = [about.get(name) for name in ("tokens", "unknown", "bytes")]
    legibility = None if None in noted else Legibility(*noted)
    return TokenizedText(ids, np.fromfile(place / "lines", dtype=np.int64), legibility)


def _write(language: str, paths: Sequence[Path], tokenizer: LineTokenizer, folder: Path) -> None:
    dtype = np.dtype(np.uint16 if tokenizer.size <= 1 << 16 else np.uint32)
    total, marks, found = 0, tokenizer.words.marks, np.zeros(2, dtype=np.int64)
    with (folder / "ids").open("wb") as ids, (folder / "lines").open("wb") as lines:
        lines.write(np.zeros(1, dtype=np.int64).tobytes())
        with Progress(f"tokenizing {language}", None, "lines") as bar:
            for batch in _batches(iter_lines(paths)):
                pieces, lengths = encode_lines(tokenizer, batch)
                ids.write(pieces.astype(dtype).tobytes())
                lines.write((total + np.cumsum(lengths[lengths > 0])).tobytes())
                total += len(pieces)
                found += [hits.sum() for hits in marks.count(pieces)]
                bar.advance(len(batch))
    if not total:
        shown = ", ".join(map(str, paths))
        raise CorpusError(f"{shown}: no text in it; leave {language} out of --text or fill it")
    unknown, bare = found.tolist()
    about = {"dtype": dtype.name, "tokens": total, "unknown": unknown, "bytes": bare}
    (folder / "text.json").write_text(json.dumps(about), encoding="utf-8")


def encode_lines(
    tokenizer: LineTokenizer, batch: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Flat ids, and length of each line."""
    encoded = tokenizer.encode(batch)
    lengths = np.fromiter(map(len, encoded), dtype=np.int64, count=len(encoded))
    flat = np.fromiter((i for ids in encoded for i in ids), np.int64, count=int(lengths.sum()))
    return flat, lengths


def _batches(lines: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(lines, _LINES_AT_ONCE)):
        yield batch
