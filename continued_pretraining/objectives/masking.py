"""Hide pieces to be guessed (Devlin et al. 2019): 80 % masked, 10 % replaced, 10 % left as is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class MaskRule:
    """What hiding needs to know.

    Attributes:
        rate: share of the pieces that are to be guessed.
        mask_id: what stands for most of them.
        random_ids: what may stand for some of the others.
        masked: share of those to be guessed that are masked.
        random: share of them that become other pieces; the rest is left as is.
    """

    rate: float
    mask_id: int
    random_ids: Ids
    masked: float = 0.8
    random: float = 0.1

    def hide(
        self, ids: Ids, lengths: Ids, rng: np.random.Generator
    ) -> tuple[Ids, NDArray[np.bool_]]:
        """The ids as the model sees them, and which of them it must guess.

        Args:
            ids: (T,) pieces of all sequences, end to end.
            lengths: (S,) pieces of each, 1 or more; every sequence has a piece to be guessed.
            rng: draws.
        """
        guessed = rng.random(len(ids)) < self.rate
        starts = np.cumsum(lengths) - lengths
        forced = starts + (rng.random(len(lengths)) * lengths).astype(np.int64)
        has_none = np.add.reduceat(guessed.astype(np.int64), starts) == 0
        guessed[forced[has_none]] = True
        places = np.flatnonzero(guessed)
        fate = rng.random(len(places))
        seen = ids.copy()
        seen[places[fate < self.masked]] = self.mask_id
        replaced = places[(fate >= self.masked) & (fate < self.masked + self.random)]
        seen[replaced] = rng.choice(self.random_ids, size=len(replaced))
        return seen, guessed
