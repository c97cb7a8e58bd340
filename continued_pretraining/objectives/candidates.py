"""The pieces among which a guess is made, where these are not all there are."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Candidates:
    """The pieces among which a guess is made.

    Attributes:
        ids: (C,) sorted ids, every right answer among them.
        correction: (C,) added to their scores, so that a sample stands for the whole vocabulary.
    """

    ids: Tensor
    correction: Tensor

    def to(self, device: torch.device) -> Candidates:
        """The same on a device."""
        return Candidates(self.ids.to(device), self.correction.to(device))


def sample_candidates(
    labels: Tensor, size: int, sample: int, generator: torch.Generator
) -> Candidates | None:
    """The right answers and ``sample`` random pieces; None where that would be nearly all."""
    if 2 * sample >= size:
        return None
    right = torch.unique(labels)
    drawn = torch.unique(torch.randint(size, (sample,), generator=generator))
    others = drawn[~torch.isin(drawn, right)]
    # Each of the others stands for all pieces like it: as many as there are per one drawn.
    share = torch.log(torch.tensor((size - len(right)) / max(len(others), 1)))
    ids = torch.cat([right, others])
    correction = torch.cat([torch.zeros(len(right)), share.expand(len(others))])
    order = ids.argsort()
    return Candidates(ids[order], correction[order])
