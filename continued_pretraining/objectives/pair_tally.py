"""What objectives lost on each pair of languages since the tally was last cleared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Sums = NDArray[np.float64]


@dataclass
class PairTally:
    """Sums by pair of languages.

    Attributes:
        pairs: how many pairs of languages there are.
        sums: (2, P) losses and what they are sums over, by the name of an objective: of whole
            updates, all processes together.
        pending: the same of this process in the update under way.
    """

    pairs: int
    sums: dict[str, Sums] = field(default_factory=dict)
    pending: dict[str, Sums] = field(default_factory=dict)

    def clear(self, names: Sequence[str]) -> None:
        """Begin anew, for the objectives of these names."""
        self.sums = {name: np.zeros((2, self.pairs)) for name in names}
        self.begin()

    def begin(self) -> None:
        """Drop what an update that was given up has noted."""
        self.pending = {name: np.zeros_like(sums) for name, sums in self.sums.items()}

    def add(self, name: str, pairs: NDArray[np.int64], losses: Tensor) -> None:
        """Add losses to their pairs of languages.

        Args:
            name: of the objective.
            pairs: (M,) number of each one's pair.
            losses: (M,) of single pieces.
        """
        if name in self.pending:
            values = losses.detach().to(torch.float64).cpu().numpy()
            self.pending[name][0] += np.bincount(pairs, values, self.pairs)
            self.pending[name][1] += np.bincount(pairs, minlength=self.pairs)
