"""Sentences as averages of a transformer's hidden states at one layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from x2static.core.vectors import FloatMatrix

if TYPE_CHECKING:
    from x2static.teacher import Teacher


class TransformerEncoder:
    """Turns sentences into mean-pooled hidden states; padding never counts.

    Attributes:
        num_cut: sentences so far of which only the beginning was read.
    """

    def __init__(
        self,
        teacher: Teacher,
        *,
        specials: bool,
        max_pieces: int,
        batch_pieces: int,
        language: str | None = None,
    ) -> None:
        """Encode with ``teacher``, already cut after the layer wanted.

        Args:
            teacher: the model.
            specials: whether control tokens count in the mean.
            max_pieces: longest input, control tokens included.
            batch_pieces: pieces in a batch, padding included.
            language: of the sentences, for a model that has a module for each.
        """
        self._teacher, self._specials, self._language = teacher, specials, language
        self._limit = min(max_pieces, teacher.max_pieces)
        self._batch_pieces = batch_pieces
        self.num_cut = 0

    def encode(self, sentences: Sequence[str]) -> FloatMatrix:
        """(B, D) one row a sentence; zeros for a sentence without a piece."""
        self._teacher.speak(self._language, "--languages")
        inputs = self._inputs(sentences)
        matrix = np.zeros((len(sentences), self._teacher.width), dtype=np.float32)
        for rows in self._batches([len(ids) for ids in inputs]):
            matrix[rows] = self._encode_batch([inputs[row] for row in rows])
        matrix[[len(ids) == self._frame for ids in inputs]] = 0
        return matrix

    @property
    def _frame(self) -> int:
        """How many control tokens every input carries."""
        return len(self._teacher.pieces.prefix) + len(self._teacher.pieces.suffix)

    def _inputs(self, sentences: Sequence[str]) -> list[list[int]]:
        pieces = self._teacher.pieces
        table = pieces.encode(sentences)
        room = max(1, self._limit - self._frame)
        self.num_cut += int((np.diff(table.offsets) > room).sum())
        ids = [
            table.ids[begin : min(end, begin + room)].tolist()
            for begin, end in zip(table.offsets[:-1], table.offsets[1:], strict=True)
        ]
        return [[*pieces.prefix, *some, *pieces.suffix] for some in ids]

    def _batches(self, lengths: Sequence[int]) -> Iterator[list[int]]:
        """Row numbers by rising length, so that little is padded."""
        batch: list[int] = []
        for row in sorted(range(len(lengths)), key=lambda row: lengths[row]):
            if batch and (len(batch) + 1) * lengths[row] > self._batch_pieces:
                yield batch
                batch = []
            batch.append(row)
        if batch:
            yield batch

    def _encode_batch(self, inputs: list[list[int]]) -> NDArray[np.float32]:
        import torch

        teacher, longest = self._teacher, max(map(len, inputs))
        ids = torch.full((len(inputs), longest), teacher.pieces.pad_id, dtype=torch.long)
        mask = torch.zeros_like(ids)
        counted = torch.zeros_like(ids)
        first = 0 if self._specials else len(teacher.pieces.prefix)
        last = 0 if self._specials else len(teacher.pieces.suffix)
        for row, some in enumerate(inputs):
            ids[row, : len(some)] = torch.tensor(some)
            mask[row, : len(some)] = 1
            counted[row, first : len(some) - last] = 1
        states = teacher.hidden_states(ids.to(teacher.device), mask.to(teacher.device)).float()
        share = counted.to(teacher.device).unsqueeze(2).float()
        sums = (states * share).sum(dim=1)
        pooled: NDArray[np.float32] = (sums / share.sum(dim=1).clamp(min=1)).cpu().numpy()
        return pooled
