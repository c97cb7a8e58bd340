"""Inputs of a model, gathered into padded batches of little waste."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eval.downstream.pretrained import Reader

if TYPE_CHECKING:
    import torch

IGNORED = -100  # a place that counts in no loss; torch's own number for it


@dataclass(frozen=True, slots=True)
class Row:
    """One input.

    Attributes:
        ids: (T,) piece ids with control tokens.
        types: (T,) segment types.
        gold: what the head shall say: (2,) first and last piece of an answer, or (T,) tags.
    """

    ids: NDArray[np.int32]
    types: NDArray[np.int32]
    gold: NDArray[np.int64]


@dataclass(frozen=True)
class Batch:
    """Inputs side by side on the model's device.

    Attributes:
        inputs: what the model is called with; tensors of shape (B, T).
        gold: (B, 2) or (B, T), filled up with `IGNORED`.
    """

    inputs: dict[str, torch.Tensor]
    gold: torch.Tensor


def collate(rows: Sequence[Row], reader: Reader) -> Batch:
    """Pad rows to the longest of them and put them where the model is."""
    import torch

    longest = max(len(row.ids) for row in rows)
    ids = np.full((len(rows), longest), reader.pad_id, dtype=np.int64)
    mask, types = np.zeros_like(ids), np.zeros_like(ids)
    gold = np.full((len(rows), max(len(row.gold) for row in rows)), IGNORED, dtype=np.int64)
    for place, row in enumerate(rows):
        size = len(row.ids)
        ids[place, :size], mask[place, :size] = row.ids, 1
        types[place, :size] = np.minimum(row.types, max(reader.num_types - 1, 0))
        gold[place, : len(row.gold)] = row.gold
    if reader.numbers is not None:
        ids = reader.numbers[ids]
    arrays = {"input_ids": ids, "attention_mask": mask}
    if reader.num_types > 1:
        arrays["token_type_ids"] = types
    inputs = {name: torch.from_numpy(array).to(reader.device) for name, array in arrays.items()}
    return Batch(inputs, torch.from_numpy(gold).to(reader.device))
