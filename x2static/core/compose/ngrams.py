"""The letter sequences of a word, numbered as fastText numbers them.

A word in angle brackets is cut into all sequences of 3 to 6 characters; each goes to a bucket by
its FNV-1a hash (over UTF-8 bytes, with fastText's signed bytes). Sequences that share a bucket
share a vector.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_OFFSET, _PRIME, _MASK = 2166136261, 16777619, 0xFFFFFFFF


@dataclass(frozen=True)
class NgramRule:
    """How words are cut.

    Attributes:
        shortest: characters of the shortest sequence.
        longest: of the longest one.
        buckets: that all sequences share.
    """

    shortest: int = 3
    longest: int = 6
    buckets: int = 100_000

    def of(self, word: str) -> list[int]:
        """Buckets of a word's sequences, one for each; none for an empty word."""
        signs = [sign.encode("utf-8", "surrogatepass") for sign in f"<{word}>"]
        found = []
        for start in range(len(signs)):
            code = _OFFSET
            for end in range(start, min(len(signs), start + self.longest)):
                for byte in signs[end]:
                    code = ((code ^ (byte if byte < 128 else byte | 0xFFFFFF00)) * _PRIME) & _MASK
                size = end - start + 1
                is_edge = size == 1 and (start == 0 or end == len(signs) - 1)
                if size >= self.shortest and not is_edge:
                    found.append(code % self.buckets)
        return found

    def table(self, words: Sequence[str]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Buckets of many words, end to end, and (N + 1,) where each word begins."""
        parts = [np.array(self.of(word), np.int32) for word in words]
        offsets = np.concatenate(([0], np.cumsum([len(part) for part in parts])))
        flat = np.concatenate(parts) if parts else np.zeros(0, np.int32)
        return flat.astype(np.int32, copy=False), offsets.astype(np.int64)
