"""The alignment loss over the words of a whole update, wherever their states were computed.

The states of all micro-batches and processes are put together without their graphs; the loss is
worked out once, on all of them, in every process alike; each keeps the gradient of its own rows and
sends it back through the model. So neither micro-batches nor processes change the statistic.

Covariances of a model's width need more rows than an update has: words that are wholly unrelated
look related by chance. So dcca and dgcca stand on the rows of earlier updates as well, which fade.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from continued_pretraining.divergence import diverged
from continued_pretraining.objectives.word_alignment.chance import Chance
from continued_pretraining.objectives.word_alignment.correlations.correlation import Correlation
from continued_pretraining.objectives.word_alignment.correlations.dcca import Dcca
from continued_pretraining.objectives.word_alignment.correlations.dgcca import Dgcca
from continued_pretraining.objectives.word_alignment.correlations.moments import Moments
from continued_pretraining.objectives.word_alignment.faults import faulty_loss
from continued_pretraining.objectives.word_alignment.losses import (
    cosine_loss,
    infonce_loss,
    mse_loss,
)
from continued_pretraining.objectives.word_alignment.state_map import StateMap
from continued_pretraining.processes import Processes
from x2static.core.errors import ConfigError

_DGCCA_COMPONENTS = 10


@dataclass(frozen=True)
class Targets:
    """What the rows of an update are compared with.

    Attributes:
        vectors: (N, E) unit vectors of the words.
        wrong: (N, E) for each the vector of another word, always the same one.
        words: (N,) number of each row's word.
    """

    vectors: Tensor
    wrong: Tensor
    words: Tensor


@dataclass
class Statistic:
    """Computes one of the losses over all processes.

    Attributes:
        loss: its name.
        processes: those that have rows.
        map: brings the two sides together where the loss compares them.
        components: of dcca and dgcca.
        ridge: of dcca.
        contrast: of infonce.
        fading: weight that dcca and dgcca leave to earlier rows at each update; 0 for none.
        faults: of the published code: ``batches`` takes a statistic of every 64 rows, ``centring``
            subtracts means of rows from columns.
        scale: what the loss is multiplied by, so that its weight means the same for every loss.
        seen: moments of the words so far.
        unrelated: the same with wrong vectors.
    """

    loss: str
    processes: Processes
    map: StateMap | None
    components: int | None
    ridge: float
    contrast: float
    fading: float = 0.0
    faults: tuple[str, ...] = ()
    scale: float = 1.0
    seen: Moments | None = field(default=None, init=False)
    unrelated: Moments | None = field(default=None, init=False)
    _latest: tuple[Tensor, Targets] | None = field(default=None, init=False, repr=False)

    @property
    def correlation(self) -> Correlation | None:
        """The rule of dcca and dgcca; None for losses that compare word by word."""
        if self.loss == "dcca":
            return Dcca(self.ridge, self.components)
        if self.loss == "dgcca":
            return Dgcca(self.components or _DGCCA_COMPONENTS)
        return None

    def value(
        self, states: Tensor, targets: Tensor, same: Tensor, earlier: Moments | None = None
    ) -> Tensor:
        """The loss on rows that are all here.

        Args:
            states: (N, D) states of words.
            targets: (N, E) their unit vectors.
            same: (N,) number of each row's word.
            earlier: what dcca and dgcca remember of other rows.
        """
        rule = self.correlation
        if rule is not None and self.faults:
            return faulty_loss(rule, checked(states), exact(targets), self.faults)
        if rule is not None:
            return rule.loss(checked(states), exact(targets), earlier)
        if self.map is not None:
            states, targets = self.map.states(states), self.map.targets(targets)
        if self.loss == "mse":
            return mse_loss(states, targets)
        if self.loss == "cosine":
            return cosine_loss(states, targets)
        if self.loss == "infonce":
            return infonce_loss(states, targets, self.contrast, same)
        raise ConfigError(f"--loss {self.loss} is none that compares words")

    def gradient(
        self, own: Tensor, counts: Sequence[int], targets: Targets, weight: float
    ) -> tuple[Tensor, Tensor]:
        """The loss of the whole update, and the weighted gradient of this process's rows.

        A map that learns gets its gradient here, the same in every process.

        Args:
            own: (counts[rank], D) this process's states, without graph.
            counts: rows of each process.
            targets: those of all rows, of rank 0 first.
            weight: of the loss in the update.
        """
        together = self.processes.gather_rows(own, counts).requires_grad_()
        earlier = None if self.seen is None or not self.fading else self.seen.faded(self.fading)
        with torch.enable_grad():
            loss = self.value(together, targets.vectors, targets.words, earlier)
            (weight * self.scale * loss).backward()  # type: ignore[no-untyped-call]
        self.remember(together.detach(), targets)
        first = sum(counts[: self.processes.rank])
        gradient = together.grad
        if gradient is None:
            raise RuntimeError("the alignment loss gave no gradient")
        return loss.detach().float(), gradient[first : first + len(own)]

    def remember(self, states: Tensor, targets: Targets) -> None:
        """Let the rows of an update join those of before."""
        if self.correlation is None:
            return
        states = checked(states)
        self._latest = (states, targets)
        seen = Moments.of(states, exact(targets.vectors))
        unrelated = Moments.of(states, exact(targets.wrong))
        if self.fading and self.seen is not None and self.unrelated is not None:
            seen = self.seen.faded(self.fading).joined(seen)
            unrelated = self.unrelated.faded(self.fading).joined(unrelated)
        self.seen, self.unrelated = seen, unrelated

    def chance(self) -> Chance | None:
        """How much of the loss is chance; None for losses that no chance flatters."""
        rule = self.correlation
        if rule is None or self.seen is None or self.unrelated is None:
            return None
        if self.faults and self._latest is not None:
            states, targets = self._latest
            loss, unrelated = (
                float(faulty_loss(rule, states, exact(side), self.faults))
                for side in (targets.vectors, targets.wrong)
            )
        else:
            loss, unrelated = (float(rule.score(m).loss) for m in (self.seen, self.unrelated))
        return Chance(loss, unrelated, *rule.limits(self.seen))

    @property
    def updates_remembered(self) -> int:
        """How many updates the rows that count stem from, beside the present one."""
        return round((1 + self.fading) / (1 - self.fading)) if self.fading else 0

    def forget(self) -> None:
        """Begin without any rows, and with the loss as it is."""
        self.scale = 1.0
        self.seen = self.unrelated = None

    @torch.no_grad()
    def held_back(self, states: Tensor, targets: Targets) -> tuple[float, Chance | None]:
        """The loss on words apart from training.

        What is remembered of others gives the directions in which the two sides are compared, so
        that few words suffice and chance raises nothing.
        """
        rule = self.correlation
        if rule is None:
            return float(self.value(states, targets.vectors, targets.words)), None
        states = checked(states)
        own = Moments.of(states, exact(targets.vectors))
        wrong = Moments.of(states, exact(targets.wrong))
        known = self.seen if self.fading and self.seen is not None else None
        loss, unrelated = (
            float(rule.score(m).loss) if known is None else rule.transferred(known, m)
            for m in (own, wrong)
        )
        return loss, Chance(loss, unrelated, *rule.limits(own))

    def lines(self) -> list[str]:
        """What there is to say of the loss before the first update."""
        chance = self.chance()
        return [] if chance is None else chance.lines(self.loss)

    def saved(self) -> dict[str, Tensor]:
        """What a checkpoint keeps."""
        tensors = {"align/scale": torch.tensor(self.scale, dtype=torch.float64)}
        if self.map is not None:
            tensors |= self.map.saved()
        for name, moments in (("seen", self.seen), ("unrelated", self.unrelated)):
            if moments is not None:
                tensors |= moments.saved(f"align/{name}")
        return tensors

    def restore(self, tensors: dict[str, Any]) -> None:
        """Put back what a checkpoint kept."""
        self.scale = float(tensors["align/scale"])
        if self.map is not None:
            self.map.restore(tensors)
        device = self.processes.device
        self.seen = Moments.restored("align/seen", tensors, device)
        self.unrelated = Moments.restored("align/unrelated", tensors, device)


def fading_for(rows: int, batch: int) -> float:
    """The share of their weight that earlier rows keep at each update.

    Weights then fall as powers of the share, and the statistic is as steady as that of ``rows``
    rows alike: (sum of weights)^2 / (sum of their squares) = batch (1 + share) / (1 - share).
    """
    return max(0.0, (rows - batch) / (rows + batch))


def exact(rows: Tensor) -> Tensor:
    """float64 on a processor; float32 on a GPU, where float64 may be slow."""
    return rows.double() if rows.device.type == "cpu" else rows.float()


def checked(states: Tensor) -> Tensor:
    """The states, exact, if a decomposition can take them."""
    states = exact(states)
    if not states.detach().square().sum().isfinite():
        raise diverged("the states of words are too large, or no numbers any more")
    return states
