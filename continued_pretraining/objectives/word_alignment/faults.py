"""Faults of the published code, repeated on request (``--repeat-faults``)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import torch
from torch import Tensor

from continued_pretraining.objectives.word_alignment.correlations.correlation import Correlation
from continued_pretraining.text.batch import Frame, Ids

_BATCH = 64  # rows of a statistic, words of a batch


def faulty_loss(
    rule: Correlation, states: Tensor, targets: Tensor, faults: Collection[str]
) -> Tensor:
    """A correlation loss as published.

    Args:
        rule: the loss.
        states: (N, D) first view.
        targets: (N, E) second view.
        faults: ``batches`` takes the mean over statistics of 64 rows, ``centring`` subtracts means
            of rows from columns.
    """
    size = _BATCH if "batches" in faults else len(states)
    centre = "centring" not in faults
    losses = []
    for left, right in zip(torch.split(states, size), torch.split(targets, size), strict=True):
        if len(left) > 1:
            sides = (left, right) if centre else (miscentred(left), miscentred(right))
            losses.append(rule.loss(*sides, centre=centre))
    return torch.stack(losses).mean()


def miscentred(rows: Tensor) -> Tensor:
    """The rows as the published code "centres" them: by the means of rows, in a wrong order."""
    size, width = rows.shape
    places = torch.arange(size * width, device=rows.device).reshape(size, width) % size
    return rows - rows.mean(dim=1)[places]


def padded(ids: Sequence[Ids], frame: Frame) -> list[Ids]:
    """Pieces, end tokens and padding, each word as long as the longest of its 64."""
    found = []
    for first in range(0, len(ids), _BATCH):
        group = ids[first : first + _BATCH]
        longest = max(map(len, group))
        for word in group:
            padding = np.full(longest - len(word), frame.pad_id, dtype=np.int64)
            found.append(np.concatenate([word, np.array(frame.suffix, dtype=np.int64), padding]))
    return found
