"""How often each piece is used when words are cut by a unigram model."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from continued_pretraining.vocabulary.sample import Words

_UNKNOWN = "<unk>"
_RARE = 0.1  # a piece that is never used counts as this many uses


def count_pieces(scores: Mapping[str, float], words: Words) -> dict[str, int]:
    """Uses of each piece in the likeliest cut of the words; unused ones count 0.

    Args:
        scores: the log probability of each piece.
        words: what is cut.
    """
    from tokenizers import Tokenizer, models

    names = list(scores)
    vocabulary: list[tuple[str, float]] = [(_UNKNOWN, 0.0), *scores.items()]
    cutter: Any = Tokenizer(models.Unigram(vocabulary, 0, byte_fallback=False))
    totals = np.zeros(len(names) + 1, dtype=np.int64)
    encoded = cutter.encode_batch_fast(words.texts, add_special_tokens=False)
    lengths = [len(each.ids) for each in encoded]
    ids = np.fromiter((number for each in encoded for number in each.ids), np.int64, sum(lengths))
    np.add.at(totals, ids, np.repeat(np.asarray(words.counts, dtype=np.int64), lengths))
    return dict(zip(names, totals[1:].tolist(), strict=True))


def few_pieces(pieces: Iterable[str]) -> dict[str, float]:
    """Scores to begin with, which cut words into as few pieces as can be."""
    return {piece: -10 - 0.1 / len(piece) for piece in pieces}


def log_shares(counts: Mapping[str, float]) -> dict[str, float]:
    """The log of each piece's share of all uses."""
    total = math.log(sum(max(count, _RARE) for count in counts.values()))
    return {piece: math.log(max(count, _RARE)) - total for piece, count in counts.items()}


def average_log_probability(counts: Mapping[str, int], num_lines: int) -> float:
    """Mean over lines of the summed log probability of their pieces (ALP)."""
    total = sum(counts.values())
    return sum(n * math.log(n / total) for n in counts.values() if n) / num_lines
