"""How much of a text a tokenizer can read: pieces that stand for anything, or for a bare byte.

An unknown piece stands for whatever the vocabulary lacks, so that words become alike. A byte, or a
part of a letter's bytes, is what some tokenizers fall back to instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

WARN_FROM = 0.05
_BYTE = re.compile(r"<0x[0-9A-F]{2}>")


@dataclass(frozen=True)
class PieceMarks:
    """Which pieces say little.

    Attributes:
        unknown: id of the unknown piece, -1 for none.
        bytes: sorted ids of single bytes and of parts of letters.
    """

    unknown: int
    bytes: NDArray[np.int64]

    @classmethod
    def of(cls, tokenizer: Any) -> PieceMarks:
        """Those of a Hugging Face fast tokenizer."""
        unknown = -1 if tokenizer.unk_token_id is None else int(tokenizer.unk_token_id)
        vocabulary = tokenizer.get_vocab()
        letters = byte_letters() if '"ByteLevel"' in tokenizer.backend_tokenizer.to_str() else {}
        ids = [
            number
            for piece, number in vocabulary.items()
            if number != unknown and (_BYTE.fullmatch(piece) or _is_torn(piece, letters))
        ]
        return cls(unknown, np.array(sorted(ids), dtype=np.int64))

    def count(self, ids: NDArray[Any]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Whether each id is the unknown piece, and whether it is a byte."""
        numbers = np.asarray(ids, dtype=np.int64)
        if not len(self.bytes):
            return numbers == self.unknown, np.zeros(len(numbers), dtype=bool)
        place = np.minimum(np.searchsorted(self.bytes, numbers), len(self.bytes) - 1)
        return numbers == self.unknown, self.bytes[place] == numbers


@dataclass(frozen=True)
class Legibility:
    """What a tokenizer could read of a text.

    Attributes:
        pieces: of the whole text.
        unknown: unknown ones among them.
        bytes: single bytes and parts of letters among them.
    """

    pieces: int
    unknown: int
    bytes: int

    @property
    def share(self) -> float:
        """Share of the pieces that say little."""
        return (self.unknown + self.bytes) / self.pieces if self.pieces else 0.0

    def as_counts(self) -> dict[str, int | float]:
        """For a run record."""
        return {
            "pieces": self.pieces,
            "unknown_pieces": self.unknown,
            "byte_pieces": self.bytes,
            "unreadable_share": round(self.share, 4),
        }

    def warning(self, text: str, reader: str, remedy: str) -> str | None:
        """A line for a text that is hardly legible, or None.

        Args:
            text: what was read.
            reader: the tokenizer's model.
            remedy: what to do about it.
        """
        if self.share < WARN_FROM:
            return None
        kinds = [
            f"{count / self.pieces:.1%} {kind}"
            for count, kind in ((self.unknown, "unknown pieces"), (self.bytes, "bare bytes"))
            if count
        ]
        return f"warning: {reader} cannot read much of {text}: {' and '.join(kinds)}; {remedy}"


def byte_letters() -> dict[str, int]:
    """The letter that byte-level tokenizers write for each byte, as GPT-2 laid it down."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    letters = {chr(byte): byte for byte in printable}
    return letters | {chr(256 + place): byte for place, byte in enumerate(others)}


def _is_torn(piece: str, letters: dict[str, int]) -> bool:
    """Whether a byte-level piece holds a part of a letter."""
    if not letters or any(letter not in letters for letter in piece):
        return False
    try:
        bytes(letters[letter] for letter in piece).decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False
