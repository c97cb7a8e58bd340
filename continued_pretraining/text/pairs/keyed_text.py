"""A keyed text as piece ids on disk: tokenized once, mapped into memory, found again by key.

A text's folder holds ``ids`` (all pieces, end to end), ``lines`` (where each sentence begins),
``keys`` (a number for each key, sorted) and ``order`` (which sentence each of these belongs to):
20 bytes a sentence beside its pieces, none of them held in memory but the keys, while texts are
joined.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from continued_pretraining.text.corpus import encode_lines
from continued_pretraining.text.tokenizer import LineTokenizer
from x2static.core.errors import DatasetError
from x2static.core.storage.files import staged
from x2static.core.text.pair_sources import PairText
from x2static.teacher.legibility import Legibility

_LINES_AT_ONCE = 4096
_VERSION = 1


@dataclass(frozen=True)
class KeyedText:
    """The sentences of one language in one source, mapped from disk.

    Attributes:
        ids: (T,) pieces of all sentences, without control tokens.
        lines: (N + 1,) where each sentence begins in ``ids``.
        keys: (N,) a number for each key, sorted.
        order: (N,) which sentence each key belongs to.
        num_lines: sentences of the file, those without a piece included.
        legibility: how much of it the tokenizer could read.
    """

    ids: NDArray[Any]
    lines: NDArray[np.int64]
    keys: NDArray[np.uint64]
    order: NDArray[np.uint32]
    num_lines: int
    legibility: Legibility

    def sentence(self, place: int) -> NDArray[np.int64]:
        """The pieces of the sentence with the n-th key."""
        line = int(self.order[place])
        return self.ids[self.lines[line] : self.lines[line + 1]].astype(np.int64)


def tokenize_keyed(
    name: str, text: PairText, tokenizer: LineTokenizer, folder: Path, digest: str
) -> KeyedText:
    """A keyed text from the cache, or else made now.

    Args:
        name: in the cache.
        text: the file.
        tokenizer: cuts sentences into pieces.
        folder: where tokenized texts lie.
        digest: changes whenever the file does.

    Raises:
        WorkbenchError: the file cannot be read, or holds no sentence.
    """
    about = f"{_VERSION} {digest} {text.kind} {tokenizer.description}"
    place = folder / f"{name}-{hashlib.sha256(about.encode()).hexdigest()[:16]}"
    if not (place / "text.json").exists():
        with staged(place, own=True) as temporary:
            temporary.mkdir()
            _write(text, tokenizer, temporary)
    return read_keyed_text(place)


def read_keyed_text(place: Path) -> KeyedText:
    """A tokenized text from its folder."""
    about = json.loads((place / "text.json").read_text(encoding="utf-8"))
    kinds = {"ids": about["dtype"], "lines": np.int64, "keys": np.uint64, "order": np.uint32}
    maps: dict[str, Any] = {
        name: np.memmap(place / name, dtype=kind, mode="r") for name, kind in kinds.items()
    }
    legibility = Legibility(about["tokens"], about["unknown"], about["bytes"])
    return KeyedText(**maps, num_lines=about["lines"], legibility=legibility)


def _write(text: PairText, tokenizer: LineTokenizer, folder: Path) -> None:
    dtype = np.dtype(np.uint16 if tokenizer.size <= 1 << 16 else np.uint32)
    total, num_lines, marks, found = 0, 0, tokenizer.words.marks, np.zeros(2, dtype=np.int64)
    keys: list[NDArray[np.uint64]] = []
    with (folder / "ids").open("wb") as ids, (folder / "lines").open("wb") as lines:
        lines.write(np.zeros(1, dtype=np.int64).tobytes())
        for batch in _batches(text.read()):
            pieces, lengths = encode_lines(tokenizer, [sentence for _, sentence in batch])
            numbers = np.fromiter((key_number(key) for key, _ in batch), np.uint64, len(batch))
            keys.append(numbers[lengths > 0])
            ids.write(pieces.astype(dtype).tobytes())
            lines.write((total + np.cumsum(lengths[lengths > 0])).tobytes())
            total, num_lines = total + len(pieces), num_lines + len(batch)
            found += [hits.sum() for hits in marks.count(pieces)]
    if not total:
        raise DatasetError(f"{text.path}: no sentence in it; fill it, or leave it out of --bitext")
    joined = np.concatenate(keys)
    order = np.argsort(joined, kind="stable")
    joined[order].tofile(folder / "keys")
    order.astype(np.uint32).tofile(folder / "order")
    unknown, bare = found.tolist()
    about = {
        "dtype": dtype.name,
        "tokens": total,
        "unknown": unknown,
        "bytes": bare,
        "lines": num_lines,
    }
    (folder / "text.json").write_text(json.dumps(about), encoding="utf-8")


def key_number(key: str) -> int:
    """A number of 64 bits that stands for a key."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "little")


def _batches(sentences: Iterator[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    while batch := list(islice(sentences, _LINES_AT_ONCE)):
        yield batch
