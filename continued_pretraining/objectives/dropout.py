"""Dropout that depends on the update alone, so that a resumed run needs no generator's state."""

from __future__ import annotations

from dataclasses import dataclass

import torch

TEXT, WORDS, PREPARED, SENTENCES = 1, 2, 3, 4  # what a seed is for


@dataclass(frozen=True)
class Dropout:
    """Seeds made of the run's own and numbers.

    Attributes:
        seed: the run's own.
        rank: of this process.
    """

    seed: int
    rank: int

    def begin(self, *numbers: int) -> None:
        """Seed what comes next in this process."""
        torch.manual_seed(self.mixed(self.rank, *numbers))

    def mixed(self, *numbers: int) -> int:
        """A seed, the same in all processes."""
        value = self.seed
        for number in numbers:
            value = (value * 1_000_003 + number + 1) % (1 << 62)
        return value
