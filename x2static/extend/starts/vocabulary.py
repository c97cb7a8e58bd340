"""Two vocabularies as texts: which pieces of a new one the old one has, too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from x2static.teacher.legibility import byte_letters

_MARK = "▁"


@dataclass(frozen=True)
class PieceVocabulary:
    """The pieces of a tokenizer.

    Attributes:
        pieces: what each id stands for, written alike for all tokenizers: a piece that begins a
            word begins with ``▁``. Control tokens and ids without a piece are empty.
        controls: id of each control token by its role.
    """

    pieces: Sequence[str]
    controls: dict[str, int]

    @classmethod
    def of(cls, tokenizer: Any) -> PieceVocabulary:
        """Those of a Hugging Face fast tokenizer."""
        named = tokenizer.get_vocab()
        pieces = [""] * (max(named.values()) + 1)
        special = set(tokenizer.all_special_ids)
        spell = _speller(tokenizer, list(named))
        for piece, number in named.items():
            if number not in special:
                pieces[number] = spell(piece)
        roles = ("bos", "cls", "pad", "eos", "sep", "unk", "mask")
        controls = {role: getattr(tokenizer, f"{role}_token_id") for role in roles}
        return cls(
            pieces, {role: int(number) for role, number in controls.items() if number is not None}
        )

    def __len__(self) -> int:
        return len(self.pieces)

    @cached_property
    def index(self) -> dict[str, int]:
        """The first id of each piece."""
        found: dict[str, int] = {}
        for number, piece in enumerate(self.pieces):
            if piece:
                found.setdefault(piece, number)
        return found

    def shared_with(self, old: PieceVocabulary) -> dict[int, int]:
        """For each own id whose piece or role the old vocabulary has, too: its id there."""
        found = {
            number: old.index[piece]
            for number, piece in enumerate(self.pieces)
            if piece and piece in old.index
        }
        for role, number in self.controls.items():
            if role in old.controls:
                found[number] = old.controls[role]
        return found


def _speller(tokenizer: Any, pieces: Sequence[str]) -> Any:
    """How this kind of tokenizer writes a piece, as a function to our way."""
    if '"ByteLevel"' in tokenizer.backend_tokenizer.to_str():
        letters = byte_letters()

        def from_bytes(piece: str) -> str:
            if any(letter not in letters for letter in piece):
                return piece
            text = bytes(letters[letter] for letter in piece).decode("utf-8", errors="replace")
            return "" if "\ufffd" in text else text.replace(" ", _MARK)

        return from_bytes
    if any(piece.startswith("##") for piece in pieces):
        return lambda piece: piece[2:] if piece.startswith("##") else _MARK + piece
    return lambda piece: piece
