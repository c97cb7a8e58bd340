"""Sentences as averages of a transformer's hidden states at one layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from x2static.core.vectors import FloatMatrix
from x2static.teacher.batches import Numbers, by_length, framed, mask_of
from x2static.teacher.pieces import PieceTable
from x2static.teacher.pooling import sentence_sums

if TYPE_CHECKING:
    from x2static.teacher.encoder import Teacher


class SentenceEncoder:
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
        flag: str = "--language",
    ) -> None:
        """Encode with ``teacher``, already cut after the layer wanted.

        Args:
            teacher: the model.
            specials: whether control tokens count in the mean.
            max_pieces: longest input, control tokens included.
            batch_pieces: pieces in a batch, padding included.
            language: of the sentences, for a model that has a module for each.
            flag: the setting that gives the language, for messages.
        """
        self._teacher, self._specials = teacher, specials
        self._language, self._flag = language, flag
        self._limit = min(max_pieces, teacher.max_pieces)
        self._batch_pieces = batch_pieces
        self.num_cut = 0

    def encode(self, sentences: Sequence[str]) -> FloatMatrix:
        """(S, D) one row a sentence; zeros for a sentence without a piece."""
        self._teacher.speak(self._language, self._flag)
        pieces = self._teacher.pieces
        frame = len(pieces.prefix) + len(pieces.suffix)
        table = pieces.encode(sentences)
        room = max(1, self._limit - frame)
        self.num_cut += int((table.lengths > room).sum())
        counts = np.minimum(np.diff(table.offsets), room)
        matrix = np.zeros((len(sentences), self._teacher.width), dtype=np.float32)
        for rows in by_length(counts + frame, self._batch_pieces):
            matrix[rows] = self._encode_batch(table, rows, counts[rows])
        matrix[counts == 0] = 0
        return matrix

    def _encode_batch(self, table: PieceTable, rows: Numbers, counts: Numbers) -> FloatMatrix:
        import torch

        teacher = self._teacher
        ids, lengths = framed(table.ids, table.offsets[rows], counts, teacher.pieces)
        mask = mask_of(lengths, ids.shape[1])
        states = teacher.hidden_states(
            torch.from_numpy(ids).to(teacher.device),
            None if mask is None else torch.from_numpy(mask).to(teacher.device),
        )
        prefix, suffix = len(teacher.pieces.prefix), len(teacher.pieces.suffix)
        text, control = sentence_sums(states, lengths, prefix, suffix)
        sums, number = (text + control, lengths) if self._specials else (text, counts)
        divisor = torch.from_numpy(np.maximum(number, 1)).to(teacher.device)[:, None]
        pooled: FloatMatrix = (sums / divisor).cpu().numpy()
        return pooled
