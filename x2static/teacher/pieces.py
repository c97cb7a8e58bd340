"""Words to the teacher's pieces, each distinct word once.

A fast tokenizer splits pre-split words one by one, so the pieces of a word do not depend on its
sentence: tokenizing each distinct word once and joining the results gives the ids that the
tokenizer gives for whole sentences, at a fraction of the work.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from x2static.teacher.legibility import PieceMarks
from x2static.teacher.loading.hugging_face import require_fast

_CHUNK = 8192


@dataclass(frozen=True)
class PieceTable:
    """The pieces of many words, end to end.

    Attributes:
        ids: piece ids of all words, one after another.
        offsets: (N + 1,) where each word begins in ``ids``; a word may have no piece at all.
    """

    ids: NDArray[np.int32]
    offsets: NDArray[np.int64]

    @property
    def lengths(self) -> NDArray[np.int32]:
        """(N,) number of pieces of each word."""
        return np.diff(self.offsets).astype(np.int32)

    def gather(self, words: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Pieces of a sequence of words: flat ids, and (len(words) + 1,) where each word begins."""
        starts = self.offsets[words]
        lengths = self.offsets[words + 1] - starts
        ends = np.cumsum(lengths)
        begins = np.concatenate(([0], ends))
        flat = np.arange(begins[-1], dtype=np.int64)
        flat += np.repeat(starts - begins[:-1], lengths)
        return self.ids[flat], begins


class WordPieces:
    """A fast tokenizer as a function from words to pieces.

    Text that spells a control token (``<s>``, ``[MASK]``) never becomes that token: such a word is
    cut after its first character and its parts are tokenized on their own.
    """

    def __init__(self, tokenizer: Any, name: str) -> None:
        """Wrap a Hugging Face fast tokenizer; ``name`` is for messages."""
        require_fast(tokenizer, name)
        # A copy of our own: the switches below must not leak into the caller's tokenizer.
        backend = type(tokenizer.backend_tokenizer).from_str(tokenizer.backend_tokenizer.to_str())
        backend.no_truncation()
        backend.no_padding()
        backend.encode_special_tokens = True
        self._backend = backend
        self._allowed = {tokenizer.unk_token_id}
        self._control = set(tokenizer.all_special_ids) - self._allowed
        self.prefix, self.suffix = self._find_specials()
        self.pad_id = int(tokenizer.pad_token_id or 0)
        self._tokenizer = tokenizer

    @cached_property
    def marks(self) -> PieceMarks:
        """Which pieces say little of what they stand for."""
        return PieceMarks.of(self._tokenizer)

    def _find_specials(self) -> tuple[list[int], list[int]]:
        """The control ids that the tokenizer puts before and after a sentence."""
        bare = self._backend.encode(["a"], is_pretokenized=True, add_special_tokens=False).ids
        full = self._backend.encode(["a"], is_pretokenized=True, add_special_tokens=True).ids
        begin = next(i for i in range(len(full)) if full[i : i + len(bare)] == bare)
        return list(full[:begin]), list(full[begin + len(bare) :])

    def encode(self, words: Sequence[str]) -> PieceTable:
        """The pieces of each word, without control tokens."""
        flat = array("i")
        lengths = np.zeros(len(words), dtype=np.int64)
        for first in range(0, len(words), _CHUNK):
            chunk = [[word] for word in words[first : first + _CHUNK]]
            encoded = self._backend.encode_batch_fast(
                chunk, is_pretokenized=True, add_special_tokens=False
            )
            for row, encoding in enumerate(encoded, start=first):
                ids = encoding.ids
                if not self._control.isdisjoint(ids):
                    ids = self._without_control(words[row])
                lengths[row] = len(ids)
                flat.extend(ids)
        return PieceTable(np.array(flat, dtype=np.int32), np.concatenate(([0], np.cumsum(lengths))))

    def _without_control(self, word: str) -> list[int]:
        """Pieces of a word that spells a control token, cut until no control id is left."""
        for cut in range(1, len(word)):
            ids = [i for part in (word[:cut], word[cut:]) for i in self._encode_word(part)]
            if self._control.isdisjoint(ids):
                return ids
        spelled = [i for letter in word for i in self._encode_word(letter)]
        return [i for i in spelled if i not in self._control]

    def _encode_word(self, word: str) -> list[int]:
        encoding = self._backend.encode([word], is_pretokenized=True, add_special_tokens=False)
        return list(encoding.ids)
