"""Spot checks by robust training (Zhou et al. 2021): pairs of languages drawn as they are lost on.

At even distances the shares of the pairs are replaced by those, within a ball around the sampling
asked for, under which the loss of late was greatest. Pairs that are pushed up most translate badly,
those pushed down most are trivial, such as copies; either is worth reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from continued_pretraining.objectives.objective import Objective
from continued_pretraining.objectives.pair_tally import PairTally
from continued_pretraining.processes import Processes
from continued_pretraining.text.pairs.best_response import best_response
from continued_pretraining.text.pairs.planner import PairPlanner

Shares = NDArray[np.float64]
_FLOOR = 0.2  # of a pair's first share, so that its loss stays known
_PRIOR = 200.0  # pieces of the mean loss that stand beside a pair's own


@dataclass
class RobustPairs:
    """Follows the losses of pairs of languages and moves their shares.

    Attributes:
        planner: draws the pairs.
        objectives: that learn from them.
        processes: that share the work.
        steps: of the run.
        radius: of the ball.
        rounds: how often shares are replaced.
        shares: (P,) as they are now.
        losses: (P,) as they were of late: each round counts half of what there was before.
        done: rounds so far.
    """

    planner: PairPlanner
    objectives: Sequence[Objective]
    processes: Processes
    steps: int
    radius: float
    rounds: int
    tally: PairTally = field(init=False)
    shares: Shares = field(init=False)
    losses: Shares = field(init=False)
    done: int = 0

    def __post_init__(self) -> None:
        self.first = self.planner.collection.pair_shares()
        self.shares, self.losses = self.first.copy(), np.zeros_like(self.first)
        self.tally = PairTally(len(self.first))
        self.tally.clear(self._names)
        for objective in self.objectives:
            objective.tally = self.tally

    @property
    def _names(self) -> list[str]:
        return [objective.name for objective in self.objectives]

    def before(self, step: int) -> None:
        """Replace the shares where a round is due before this update."""
        if step == 0:
            self.tally.clear(self._names)  # what came before was no training
        self.tally.begin()
        if self.done < self.rounds and step >= self._due(self.done + 1):
            self._replace()

    def after(self) -> None:
        """Take the losses of an update, those of all processes."""
        for name, pending in self.tally.pending.items():
            own = torch.from_numpy(pending).to(self.processes.device)
            self.tally.sums[name] += self.processes.sum(own).cpu().numpy()
        self.tally.begin()

    def _due(self, number: int) -> int:
        return max(1, round(self.steps * number / (self.rounds + 1)))

    def _replace(self) -> None:
        found = self.mean_losses()
        self.losses = (self.losses + found) / 2 if self.done else found
        known = self.first > 0
        self.shares = np.zeros_like(self.first)
        self.shares[known] = best_response(
            self.first[known], self.losses[known], self.radius, _FLOOR
        )
        self.done += 1
        self.planner.reweigh(self.shares, self.done)
        self.tally.clear(self._names)

    def mean_losses(self) -> Shares:
        """(P,) weighted loss of each pair since the last round.

        A pair of which little was drawn is taken to lose about as much as all.
        """
        total = np.zeros_like(self.first)
        for objective in self.objectives:
            sums, counts = self.tally.sums[objective.name]
            mean = sums.sum() / max(counts.sum(), 1.0)
            total += objective.weight * (sums + _PRIOR * mean) / (counts + _PRIOR)
        return total

    def saved(self) -> dict[str, Tensor]:
        """Shares, losses, the round, and the tally since."""
        found = {
            "robust/shares": torch.from_numpy(self.shares),
            "robust/losses": torch.from_numpy(self.losses),
            "robust/done": torch.tensor([self.done]),
        }
        return found | {
            f"robust/tally/{name}": torch.from_numpy(sums) for name, sums in self.tally.sums.items()
        }

    def restore(self, tensors: dict[str, Any]) -> None:
        """Put these back."""
        self.shares = tensors["robust/shares"].cpu().numpy().copy()
        self.losses = tensors["robust/losses"].cpu().numpy().copy()
        self.done = int(tensors["robust/done"][0])
        for name in self._names:
            self.tally.sums[name] = tensors[f"robust/tally/{name}"].cpu().numpy().copy()
        if self.done:
            self.planner.reweigh(self.shares, self.done)
