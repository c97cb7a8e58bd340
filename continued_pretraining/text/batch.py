"""Sequences of many lengths to tensors with hardly any padding.

Sequences of one length become plain rows. Otherwise several are packed into a row, each seeing only
itself and counting its own positions, where the model's family allows that; for other families they
are sorted by length and padded to the longest of their micro-batch.

A processor compiles its matrix products anew for each shape, at up to a quarter of a small model's
time, so packed rows come in a few sizes only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from x2static.teacher.batches import by_length, spread

Ids = NDArray[np.int64]
_WIDTHS, _ROWS = 8, 4  # packed rows are a multiple so wide, and so many


@dataclass(frozen=True)
class Frame:
    """What stands around a sequence, and how sequences may share a row.

    Attributes:
        prefix: control tokens before it.
        suffix: control tokens after it.
        pad_id: fills a row up; never attended to.
        first_position: number of a sequence's first position where rows may be shared, else None.
        mask_type: numbers that the mask of a shared row is made of.
    """

    prefix: Sequence[int]
    suffix: Sequence[int]
    pad_id: int
    first_position: int | None = None
    mask_type: torch.dtype = torch.float32

    @property
    def size(self) -> int:
        """Control tokens per sequence."""
        return len(self.prefix) + len(self.suffix)


@dataclass(frozen=True)
class MicroBatch:
    """Rows that go through the model at once.

    Attributes:
        members: (S,) which sequences these are.
        starts: (S,) where each one's own pieces begin in the flattened rows.
        lengths: (S,) pieces of each, without control tokens.
        ids: (B, T) framed ids, padded.
        mask: None where nothing is padded; (B, T) 1 for pieces and 0 for padding; or (B, 1, T, T)
            to be added to the scores of attention.
        positions: (B, T) position of each piece in its sequence, or None for the usual ones.
        spoken: number of each language in it and how many rows it has, in their order; empty where
            languages are of no concern.
    """

    members: Ids
    starts: Ids
    lengths: Ids
    ids: Tensor
    mask: Tensor | None
    positions: Tensor | None
    spoken: tuple[tuple[int, int], ...] = field(default=(), kw_only=True)


def micro_batches(
    sequences: Sequence[Ids],
    frame: Frame,
    budget: int,
    device: torch.device,
    languages: Ids | None = None,
) -> Iterator[MicroBatch]:
    """The sequences in batches of at most ``budget`` pieces, padding included.

    Args:
        sequences: their pieces.
        frame: what stands around each.
        budget: pieces of a batch.
        device: where they are wanted.
        languages: (S,) number of each one's language where rows must be of one language and sorted
            by it; None where that is of no concern.
    """
    lengths = np.fromiter(map(len, sequences), dtype=np.int64, count=len(sequences))
    if languages is not None and len(lengths):
        yield from _by_language(sequences, lengths, languages, frame, budget, device)
        return
    order = np.argsort(-lengths, kind="stable")
    if frame.first_position is None or not len(order) or lengths[order[0]] == lengths[order[-1]]:
        for members in by_length(lengths + frame.size, budget):
            yield _to_batch([[member] for member in members.tolist()], sequences, frame, device)
        return
    width = round_up(int(lengths[order[0]]) + frame.size, _WIDTHS)
    rows = pack(lengths + frame.size, order, width)
    at_once = max(1, budget // width)
    for first in range(0, len(rows), at_once):
        held = rows[first : first + at_once]
        shape = (min(round_up(len(held), _ROWS), at_once), width)
        yield _to_batch(held, sequences, frame, device, shape)


def _by_language(
    sequences: Sequence[Ids],
    lengths: Ids,
    languages: Ids,
    frame: Frame,
    budget: int,
    device: torch.device,
) -> Iterator[MicroBatch]:
    """Batches whose rows are sorted by language, each packed with sequences of one."""
    longest = int(lengths.max()) + frame.size
    packs = frame.first_position is not None and lengths.min() < lengths.max()
    width = round_up(longest, _WIDTHS) if packs else longest
    rows: list[list[int]] = []
    numbers: list[int] = []
    for language in np.unique(languages).tolist():
        members = np.flatnonzero(languages == language)
        own = members[np.argsort(-lengths[members], kind="stable")]
        framed = lengths[own] + frame.size
        places = pack(framed, np.arange(len(own)), width) if packs else np.arange(len(own))[:, None]
        rows += [own[row].tolist() for row in places]
        numbers += [language] * (len(rows) - len(numbers))
    at_once = max(1, budget // width)
    for first in range(0, len(rows), at_once):
        held, spoken = rows[first : first + at_once], numbers[first : first + at_once]
        height = min(round_up(len(held), _ROWS), at_once)
        batch = _to_batch(held, sequences, frame, device, (height, width) if packs else None)
        spoken += spoken[-1:] * (len(batch.ids) - len(held))  # empty rows go with the last ones
        counts = {language: spoken.count(language) for language in spoken}
        yield replace(batch, spoken=tuple(counts.items()))


def round_up(number: int, multiple: int) -> int:
    """The least multiple that is not smaller."""
    return -(-number // multiple) * multiple


def pack(lengths: Ids, order: Ids, width: int) -> list[list[int]]:
    """Rows of sequences, longest first, each put where it leaves the least space."""
    by_space: list[list[list[int]]] = [[] for _ in range(width + 1)]
    rows: list[list[int]] = []
    for member in order.tolist():
        length = int(lengths[member])
        space = next((s for s in range(length, width + 1) if by_space[s]), None)
        if space is None:
            row: list[int] = []
            rows.append(row)
            space = width
        else:
            row = by_space[space].pop()
        row.append(member)
        by_space[space - length].append(row)
    return rows


def _to_batch(
    rows: list[list[int]],
    sequences: Sequence[Ids],
    frame: Frame,
    device: torch.device,
    shape: tuple[int, int] | None = None,
) -> MicroBatch:
    members = np.array([member for row in rows for member in row], dtype=np.int64)
    own = [sequences[member] for member in members.tolist()]
    lengths = np.fromiter(map(len, own), dtype=np.int64, count=len(own))
    framed = lengths + frame.size
    line = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    height, width = shape or (len(rows), int(np.bincount(line, weights=framed).max()))
    before = np.cumsum(framed) - framed
    row_start = before[np.searchsorted(line, np.arange(len(rows)))]
    first = line * width + before - row_start[line]  # place of each sequence's first control token
    starts = first + len(frame.prefix)
    ids = np.full(height * width, frame.pad_id, dtype=np.int64)
    ids[spread(starts, lengths)] = np.concatenate(own)
    for place, token in enumerate(frame.prefix):
        ids[first + place] = token
    for place, token in enumerate(frame.suffix):
        ids[starts + lengths + place] = token
    covered = spread(first, framed)
    owners = np.full(len(ids), -1, dtype=np.int64)
    owners[covered] = np.repeat(np.arange(len(own)), framed)
    positions = np.zeros(len(ids), dtype=np.int64)
    positions[covered] = covered - np.repeat(first, framed)
    is_shared = any(len(row) > 1 for row in rows)
    return MicroBatch(
        members,
        starts,
        lengths,
        torch.from_numpy(ids.reshape(height, width)).to(device, non_blocking=True),
        _mask(owners.reshape(height, width), frame, is_shared=is_shared, device=device),
        _positions(positions.reshape(height, width), frame, device) if is_shared else None,
    )


def _mask(
    owners: NDArray[np.int64], frame: Frame, *, is_shared: bool, device: torch.device
) -> Tensor | None:
    if not is_shared:
        is_piece = owners >= 0
        if is_piece.all():
            return None
        return torch.from_numpy(is_piece.astype(np.int64)).to(device, non_blocking=True)
    # Made on the device from one small number a piece; padding sees padding, so no row is empty.
    owner = torch.from_numpy(owners).to(device, non_blocking=True)
    apart = owner[:, None, :, None] != owner[:, None, None, :]
    mask = torch.zeros(apart.shape, dtype=frame.mask_type, device=device)
    return mask.masked_fill_(apart, torch.finfo(frame.mask_type).min)


def _positions(positions: Ids, frame: Frame, device: torch.device) -> Tensor:
    first = frame.first_position or 0
    return torch.from_numpy(positions + first).to(device, non_blocking=True)
