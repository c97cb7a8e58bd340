"""Inputs of many lengths into padded batches of little waste."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from x2static.teacher.pieces import WordPieces

Numbers = NDArray[np.int64]


def by_length(lengths: Sequence[int] | NDArray[Any], budget: int) -> Iterator[Numbers]:
    """Row numbers by falling length, in batches of at most ``budget`` pieces, padding included.

    Rows of one length keep their order; a row longer than the budget is a batch of its own.
    """
    sizes = np.asarray(lengths, dtype=np.int64)
    order = np.argsort(-sizes, kind="stable")
    first = 0
    while first < len(order):
        longest = max(1, int(sizes[order[first]]))
        last = first + max(1, budget // longest)
        yield order[first:last]
        first = last


def framed(
    ids: NDArray[Any], starts: Numbers, counts: Numbers, pieces: WordPieces
) -> tuple[Numbers, Numbers]:
    """Sentences with control tokens around them, padded to the longest.

    Args:
        ids: pieces of many sentences, end to end.
        starts: (B,) where each sentence of the batch begins in ``ids``.
        counts: (B,) its number of pieces.
        pieces: the tokenizer, which knows control tokens and padding.

    Returns:
        (B, T) ids, and (B,) how many of a row are no padding.
    """
    prefix, suffix = pieces.prefix, pieces.suffix
    lengths = counts + len(prefix) + len(suffix)
    rows = np.full((len(counts), int(lengths.max(initial=0))), pieces.pad_id, dtype=np.int64)
    rows[:, : len(prefix)] = prefix
    row, within = ragged(counts)
    rows[row, within + len(prefix)] = ids[starts[row] + within]
    for step, control in enumerate(suffix):
        rows[np.arange(len(counts)), counts + len(prefix) + step] = control
    return rows, lengths


def padded(rows: Sequence[NDArray[Any]], pad_id: int) -> tuple[Numbers, Numbers]:
    """(B, T) whole inputs filled up to the longest, and (B,) their lengths."""
    lengths = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
    ids = np.full((len(rows), int(lengths.max(initial=0))), pad_id, dtype=np.int64)
    row, within = ragged(lengths)
    ids[row, within] = np.concatenate(rows)
    return ids, lengths


def mask_of(lengths: Numbers, width: int) -> NDArray[np.int64] | None:
    """(B, T) 1 for pieces and 0 for padding; None where nothing is padded."""
    if lengths.min(initial=width) == width:
        return None
    return (np.arange(width) < lengths[:, None]).astype(np.int64)


def ragged(lengths: Numbers) -> tuple[Numbers, Numbers]:
    """For rows of the given lengths end to end: each item's row, and its place in the row."""
    row = np.repeat(np.arange(len(lengths)), lengths)
    return row, np.arange(len(row)) - np.repeat(np.cumsum(lengths) - lengths, lengths)


def spread(starts: Numbers, lengths: Numbers) -> Numbers:
    """All places from each start on, as many as its length, end to end."""
    row, within = ragged(lengths)
    return np.asarray(starts[row] + within)
