"""Find the known words that look most like an unknown one."""

from __future__ import annotations

import difflib
import heapq
from collections.abc import Iterable

_LOOKED_AT = 200
_LEAST_RATIO = 0.6


def closest_spellings(word: str, known: Iterable[str], count: int = 5) -> list[str]:
    """Up to ``count`` known words: those that differ in case alone first, then by likeness."""
    folded, pieces = word.casefold(), _pieces(word)
    variants, scored = [], []
    for row, candidate in enumerate(known):
        if candidate.casefold() == folded:
            variants.append(candidate)
        elif abs(len(candidate) - len(word)) <= 1 + len(word) // 3:
            others = _pieces(candidate)
            scored.append((2 * len(pieces & others) / (len(pieces) + len(others)), -row, candidate))
    near = [candidate for share, _, candidate in heapq.nlargest(_LOOKED_AT, scored) if share > 0]
    matches = difflib.get_close_matches(folded, near, n=count, cutoff=_LEAST_RATIO)
    return [*variants, *matches][:count]


def _pieces(word: str) -> set[str]:
    """Pairs of neighbouring letters, the edges included."""
    marked = f"\n{word.casefold()}\n"
    return {marked[start : start + 2] for start in range(len(marked) - 1)}
