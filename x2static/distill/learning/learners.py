"""What grows while the teacher reads: a trained table, or running means of word states."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from x2static.distill.config import DistillConfig
from x2static.distill.learning.convergence import Convergence
from x2static.distill.learning.table import StaticTable
from x2static.distill.readings.plan import Pool
from x2static.distill.readings.readings import Readings
from x2static.distill.readings.vocabulary import NegativeSampler

if TYPE_CHECKING:
    import torch

    from x2static.teacher import Teacher

_ROWS = 4096  # at once


class Learner(Protocol):
    """Consumes readings pool by pool; its state is tensors, so it can be saved and restored."""

    needs_own: bool

    @property
    def is_done(self) -> bool:
        """Whether further epochs would bring nothing."""
        return False

    def end_epoch(self) -> str | None:
        """Take note that the whole corpus has been read once more; may return a line to show."""
        return None

    def learn(self, pool: Pool, readings: Readings, rng: np.random.Generator, /) -> float | None:
        """Take in one pool; returns its mean loss where there is one."""

    def state(self) -> dict[str, torch.Tensor]:
        """Everything needed to go on."""

    def matrix(self, first: int | None = None) -> NDArray[np.float32]:
        """(V, D) the vectors as they stand, or those of the first words."""

    def finish(self) -> NDArray[np.float32]:
        """(V, D) the vectors, once nothing more is to be learned; may use up the state."""


class SampledLearner(Learner):
    """X2Static: targets scored against their contexts and against sampled words."""

    def __init__(
        self,
        table: StaticTable,
        sampler: NegativeSampler,
        config: DistillConfig,
        convergence: Convergence | None = None,
    ) -> None:
        """Train ``table`` with words from ``sampler``, until ``convergence`` if there is one."""
        self._table, self._sampler, self._config = table, sampler, config
        self.convergence = convergence
        self.needs_own = config.context == "exclude"

    @property
    def is_done(self) -> bool:
        """Whether the held-out loss has stopped falling."""
        return self.convergence is not None and self.convergence.is_reached

    def end_epoch(self) -> str | None:
        """Measure the held-out loss."""
        return self.convergence.judge(self._table.table) if self.convergence else None

    def learn(self, pool: Pool, readings: Readings, rng: np.random.Generator) -> float | None:
        """One update per group of sentences that holds a usable target."""
        import torch

        config = self._config
        context, usable = readings.contexts(pool, config.context, specials=config.specials)
        negatives = self._sampler.draw((len(pool.words), config.negatives), rng)
        kept = usable.cpu().numpy()
        losses, first = [], 0
        for last in pool.group_ends(config.batch):
            chosen = np.flatnonzero(kept[first:last]) + first
            first = int(last)
            if not len(chosen):
                continue
            rows = torch.from_numpy(chosen).to(context.device)
            words = torch.from_numpy(pool.words[chosen]).to(context.device)
            others = torch.from_numpy(negatives[chosen]).to(context.device)
            losses.append(self._table.update(context[rows], words, others))
        return float(torch.stack(losses).mean()) if losses else None

    def state(self) -> dict[str, torch.Tensor]:
        """The table, its moments and the number of steps; what was measured on held-out text."""
        judged = self.convergence.state() if self.convergence is not None else {}
        return self._table.state() | judged

    def matrix(self, first: int | None = None) -> NDArray[np.float32]:
        """The table, or its first rows."""
        matrix: NDArray[np.float32] = self._table.table[:first].cpu().numpy()
        return matrix

    def finish(self) -> NDArray[np.float32]:
        """The table; of several epochs judged on held-out text, that of the best."""
        best = self.convergence.best if self.convergence is not None else None
        if best is None:
            return self.matrix()
        matrix: NDArray[np.float32] = best.cpu().numpy()
        return matrix


class MeanLearner(Learner):
    """Aggregation: the mean, over a word's occurrences, of the mean state of its own pieces."""

    needs_own = True

    def __init__(self, sums: torch.Tensor, seen: torch.Tensor) -> None:
        """Go on from (V, D) float64 sums and (V,) numbers of occurrences."""
        self._sums, self._seen = sums, seen

    def learn(self, pool: Pool, readings: Readings, _rng: np.random.Generator) -> float | None:
        """Add a pool's own-piece means to their words."""
        import torch

        words = torch.from_numpy(pool.words).to(self._sums.device)
        self._sums.index_add_(0, words, readings.own_means(pool).to(self._sums.dtype))
        self._seen += torch.bincount(words, minlength=len(self._seen))
        return None

    def state(self) -> dict[str, torch.Tensor]:
        """Sums and numbers."""
        return {"sums": self._sums, "seen": self._seen}

    def matrix(self, first: int | None = None) -> NDArray[np.float32]:
        """The means; a word never seen is a row of zeros."""
        parts = []
        size = len(self._sums) if first is None else first
        for start in range(0, size, _ROWS):
            rows = slice(start, min(start + _ROWS, size))
            mean = self._sums[rows] / self._seen[rows].clamp(min=1)[:, None]
            parts.append(mean.float().cpu().numpy())
        return np.concatenate(parts)

    def finish(self) -> NDArray[np.float32]:
        """The means."""
        return self.matrix()


def mean_learner(
    teacher: Teacher, size: int
) -> Callable[[Mapping[str, torch.Tensor] | None], Learner]:
    """What makes a learner of the mean states of so many words."""

    def make(saved: Mapping[str, torch.Tensor] | None) -> Learner:
        import torch

        if saved is not None:
            return MeanLearner(saved["sums"].to(teacher.device), saved["seen"].to(teacher.device))
        sums = torch.zeros(size, teacher.width, dtype=torch.float64, device=teacher.device)
        return MeanLearner(sums, torch.zeros(size, dtype=torch.int64, device=teacher.device))

    return make
