"""Fine-tune with the embeddings of the pieces that occur, not of the whole vocabulary.

A piece that is not in the training text has no gradient. Its embedding, and AdamW's two moments of
it, would be carried through every update for nothing: of XLM-R base's 278M parameters 192M are
embeddings, and English training text uses a tenth of them. Here the rest is set aside and put back
unchanged, but for the weight decay that would have shrunk it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.downstream.batches import Row
from eval.downstream.pretrained import Reader

_MAX_PAD_ID = 1000


@dataclass
class Shrinkage:
    """What weight decay leaves of an untouched weight; the course multiplies it up."""

    factor: float = 1.0


@contextmanager
def compact_embeddings(reader: Reader, rows: Sequence[Row]) -> Iterator[Shrinkage]:
    """Give the model a small embedding table; at the end the large one is back, with all news.

    Inside, `collate` renumbers ids on their way to the model.

    Args:
        reader: the model.
        rows: all that it will read inside.

    Yields:
        The shrinkage, which the course keeps up to date.
    """
    import torch

    table = reader.model.get_input_embeddings()
    kept = kept_ids(rows, reader.pad_id)
    shrinkage = Shrinkage()
    if not _can_shrink(reader, len(kept)):
        yield shrinkage
        return
    numbers = np.full(table.num_embeddings, -1, dtype=np.int64)
    numbers[kept] = np.arange(len(kept))
    places = torch.from_numpy(kept).to(table.weight.device)
    small = torch.nn.Embedding(
        len(kept),
        table.embedding_dim,
        padding_idx=table.padding_idx,
        _weight=table.weight.detach()[places].clone(),
    )
    small.weight.requires_grad_(table.weight.requires_grad)
    reader.model.set_input_embeddings(small)
    reader.numbers = numbers
    try:
        yield shrinkage
    finally:
        with torch.no_grad():
            if table.weight.requires_grad:
                table.weight.mul_(shrinkage.factor)
            table.weight[places] = small.weight
        reader.model.set_input_embeddings(table)
        reader.numbers = None


def kept_ids(rows: Sequence[Row], pad_id: int) -> NDArray[np.int64]:
    """The ids that rows need, rising; all up to the padding's stay, so that it keeps its number.

    RoBERTa counts positions by comparing ids with the padding's.
    """
    used = [np.unique(row.ids) for row in rows]
    return np.unique(np.concatenate([np.arange(pad_id + 1), *used])).astype(np.int64)


def _can_shrink(reader: Reader, kept: int) -> bool:
    import torch

    table = reader.model.get_input_embeddings()
    tied = getattr(reader.model, "get_output_embeddings", lambda: None)() is not None
    is_plain = type(table) is torch.nn.Embedding
    return is_plain and not tied and reader.pad_id <= _MAX_PAD_ID and kept < table.num_embeddings
