"""Texts to pieces with their places in the text, and how a tokenizer frames a pair of texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_CHUNK = 1024
_SPACES = " \t\r\n\v\f\u00a0\u3000"


@dataclass(frozen=True, slots=True)
class Pieces:
    """The pieces of one text, without control tokens.

    Attributes:
        ids: (T,) piece ids.
        begins: (T,) first character of each piece, white space before it left out.
        ends: (T,) the character behind its last one.
    """

    ids: NDArray[np.int32]
    begins: NDArray[np.int32]
    ends: NDArray[np.int32]


@dataclass(frozen=True)
class PairFrame:
    """The control tokens before, between and behind two texts, and the segment type of each part.

    Attributes:
        parts: ids before the first text, between the two, behind the second.
        types: segment types of: part 0, first text, part 1, second text, part 2; of a part the
            type of its last token counts.
    """

    parts: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]
    types: tuple[int, int, int, int, int]

    @property
    def size(self) -> int:
        """How many control tokens there are."""
        return sum(map(len, self.parts))


class TextPieces:
    """A fast tokenizer as a function from whole texts to pieces.

    Text that spells a control token (``<s>``, ``[MASK]``) never becomes that token.
    """

    def __init__(self, tokenizer: Any) -> None:
        """Wrap a Hugging Face fast tokenizer; its own switches stay as they are."""
        backend = type(tokenizer.backend_tokenizer).from_str(tokenizer.backend_tokenizer.to_str())
        backend.no_truncation()
        backend.no_padding()
        self.frame = _pair_frame(backend)
        backend.encode_special_tokens = True
        self._backend = backend
        unknown = tokenizer.unk_token_id
        self._control = np.array(sorted(set(tokenizer.all_special_ids) - {unknown}), dtype=np.int32)
        self._unknown = int(unknown or 0)

    def encode(self, texts: Sequence[str]) -> list[Pieces]:
        """The pieces of each text."""
        found: list[Pieces] = []
        for first in range(0, len(texts), _CHUNK):
            chunk = list(texts[first : first + _CHUNK])
            encoded = self._backend.encode_batch(chunk, add_special_tokens=False)
            found += [self._pieces(text, one) for text, one in zip(chunk, encoded, strict=True)]
        return found

    def _pieces(self, text: str, encoding: Any) -> Pieces:
        ids = np.array(encoding.ids, dtype=np.int32)
        ids[np.isin(ids, self._control)] = self._unknown
        offsets = np.array(encoding.offsets, dtype=np.int32).reshape(-1, 2)
        begins, ends = offsets[:, 0].copy(), offsets[:, 1]
        for row in np.flatnonzero(begins < ends):  # some tokenizers count the space before a word
            while begins[row] < ends[row] and text[begins[row]] in _SPACES:
                begins[row] += 1
        return Pieces(ids, begins, ends)


def _pair_frame(backend: Any) -> PairFrame:
    """Read the frame off an encoded pair of texts."""
    pair = backend.encode("a", "a", add_special_tokens=True)
    owners, ids, types = pair.sequence_ids, pair.ids, pair.type_ids
    first, second = owners.index(0), owners.index(1)
    behind = len(owners) - owners[::-1].index(1)
    between = first + owners.count(0)
    parts = (tuple(ids[:first]), tuple(ids[between:second]), tuple(ids[behind:]))
    kinds = (types[max(first - 1, 0)], types[first], types[second - 1], types[second], types[-1])
    if not any(parts):  # a template for one text alone: put its frame around both
        single = backend.encode("a", add_special_tokens=True)
        whole = single.sequence_ids
        head = tuple(single.ids[: whole.index(0)])
        tail = tuple(single.ids[len(whole) - whole[::-1].index(0) :])
        parts, kinds = (head, tail, tail), (0, 0, 0, 0, 0)
    return PairFrame(parts, kinds)
