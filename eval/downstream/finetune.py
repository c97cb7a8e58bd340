"""Fine-tune a model with a head: AdamW, linear warm-up and decay, updates over whole batches.

An update is over a random batch of rows, as in XTREME's scripts; but the batch is split into
micro-batches of similar length with a common denominator, so that little padding is computed.
The update is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from eval.downstream.batches import Row, collate
from eval.downstream.compact_embeddings import Shrinkage, compact_embeddings
from eval.downstream.memory import halved
from eval.downstream.pretrained import Reader
from eval.downstream.recipe import Recipe
from x2static.core.errors import ConfigError
from x2static.core.machine.processors import CORNER
from x2static.core.progress import Progress
from x2static.teacher.batches import by_length
from x2static.teacher.precision import autocast, dtype_of

if TYPE_CHECKING:
    import torch

Item = TypeVar("Item")
Found = TypeVar("Found")
LossOf = Callable[[Any, "torch.Tensor"], "torch.Tensor"]
_NO_DECAY = ("bias", "norm")
_LOOK_EVERY = 20  # updates between looks at the loss, for which a GPU must wait


@dataclass
class FineTuning:
    """One fine-tuning, from its settings to what it noted on the way.

    Attributes:
        recipe: learning rate and the like.
        seed: of the order of rows and of dropout.
        precision: ``fp32``, or ``bf16`` for what autocast multiplies.
        budget: pieces in a part of a batch, padding included; halved when memory runs out.
        loss_of: (model output, gold) to the sum of losses.
        weight_of: how much a row counts in the denominator of its batch.
        losses: mean loss of each epoch, filled in.
        scores: what the selector said after each epoch, filled in.
    """

    recipe: Recipe
    seed: int
    precision: str
    budget: int
    loss_of: LossOf
    weight_of: Callable[[Row], float]
    losses: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class EpochSelector:
    """Development data: the epoch that it scores best is kept (of equal ones the first).

    Attributes:
        rows: all that `score` will have the model read.
        score: asked after each epoch.
    """

    rows: Sequence[Row]
    score: Callable[[], float]


def finetune(
    reader: Reader,
    rows: Sequence[Row],
    course: FineTuning,
    progress: Progress,
    selector: EpochSelector | None = None,
) -> None:
    """Train the whole model in place on ``rows``; on a CPU the same seed gives the same weights.

    Args:
        reader: the model.
        rows: what it learns from.
        course: how; its ``losses`` and ``scores`` are filled in.
        progress: counts rows.
        selector: chooses the epoch; without it the last one stays.

    Raises:
        ConfigError: the loss is no longer a number, or a single row does not fit in memory.
    """
    order = np.random.default_rng(course.seed)
    also_read = selector.rows if selector else ()
    with (
        seeded(course.seed, reader.device),
        compact_embeddings(reader, [*rows, *also_read]) as shrinkage,
    ):
        trainer = _Trainer(reader, course, shrinkage, course.recipe.updates(len(rows)))
        best: _Snapshot | None = None
        for epoch in range(course.recipe.epochs):
            reader.model.train()
            trainer.epoch([rows[row] for row in order.permutation(len(rows))], progress)
            reader.model.eval()
            if selector is None:
                continue
            course.scores.append(selector.score())
            progress.say(f"epoch {epoch + 1}: development score {100 * course.scores[-1]:.2f}")
            if best is None or course.scores[-1] > best.score:
                best = _Snapshot.take(reader, course.scores[-1], shrinkage)
        if best is not None:
            best.put_back(reader, shrinkage)


class _Trainer:
    """The optimizer and where it stands."""

    def __init__(
        self, reader: Reader, course: FineTuning, shrinkage: Shrinkage, updates: int
    ) -> None:
        import torch

        self._reader, self._course, self._shrinkage = reader, course, shrinkage
        self._updates, self._update = updates, 0
        self._weights = [p for p in reader.model.parameters() if p.requires_grad]
        self._optimizer = torch.optim.AdamW(
            _parameter_groups(reader.model, course.recipe.weight_decay),
            lr=course.recipe.learning_rate,
            eps=1e-8,
            fused=True,
        )

    def epoch(self, rows: Sequence[Row], progress: Progress) -> None:
        """One course over rows that are in their random order already."""
        import torch

        recipe, total, weights, note = self._course.recipe, torch.zeros(()), 0.0, ""
        total = total.to(self._reader.device)
        for first in range(0, len(rows), recipe.batch):
            batch = rows[first : first + recipe.batch]
            weight = sum(map(self._course.weight_of, batch))
            total += self._whole_update(batch, max(weight, 1.0))
            weights += weight
            is_last = first + recipe.batch >= len(rows)
            if is_last or self._update % _LOOK_EVERY == 0:
                loss = float(total) / max(weights, 1.0)
                self._require_finite(loss)
                note = f"loss {loss:.3f}"
            progress.advance(len(batch), note)
        self._course.losses.append(loss)

    def _whole_update(self, batch: Sequence[Row], weight: float) -> torch.Tensor:
        """Gradients of a batch, part by part, and the step; the sum of its losses.

        When the GPU's memory runs out, the batch is done again in smaller parts.
        """
        import torch

        while True:
            try:
                total = self._gradients(batch, weight)
                break
            except torch.cuda.OutOfMemoryError:
                self._optimizer.zero_grad(set_to_none=True)
                torch.cuda.empty_cache()
                longest = max(len(row.ids) for row in batch)
                self._course.budget = halved(self._course.budget, longest)
        recipe = self._course.recipe
        rate = recipe.rate(self._update, self._updates)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        torch.nn.utils.clip_grad_norm_(self._weights, recipe.max_norm)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        self._shrinkage.factor *= 1 - rate * recipe.weight_decay
        self._update += 1
        return total

    def _gradients(self, batch: Sequence[Row], weight: float) -> torch.Tensor:
        import torch

        reader, course = self._reader, self._course
        total = torch.zeros((), device=reader.device)
        for part in by_length([len(row.ids) for row in batch], course.budget):
            inputs = collate([batch[row] for row in part.tolist()], reader)
            with CORNER.together():
                with autocast(reader.device, dtype_of(course.precision)):
                    output = reader.model(**inputs.inputs)
                loss = course.loss_of(output, inputs.gold)
                (loss / weight).backward()  # type: ignore[no-untyped-call]
            total += loss.detach()
        return total

    def _require_finite(self, loss: float) -> None:
        if not np.isfinite(loss):
            raise ConfigError(
                f"--learning-rate {self._course.recipe.learning_rate:g}: the loss is no longer a "
                f"number at update {self._update}; lower it, or use --precision fp32"
            )


@dataclass(frozen=True)
class _Snapshot:
    """The weights after an epoch."""

    score: float
    weights: dict[str, torch.Tensor]
    shrinkage: float

    @classmethod
    def take(cls, reader: Reader, score: float, shrinkage: Shrinkage) -> _Snapshot:
        weights = {n: w.to("cpu", copy=True) for n, w in reader.model.state_dict().items()}
        return cls(score, weights, shrinkage.factor)

    def put_back(self, reader: Reader, shrinkage: Shrinkage) -> None:
        reader.model.load_state_dict(self.weights)
        shrinkage.factor = self.shrinkage


def _parameter_groups(model: Any, weight_decay: float) -> list[dict[str, Any]]:
    """Biases and norms are not decayed, as in BERT and all that followed it."""
    decayed: list[Any] = []
    spared: list[Any] = []
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            is_spared = any(part in name.lower() for part in _NO_DECAY)
            (spared if is_spared else decayed).append(weight)
    groups = [
        {"params": decayed, "weight_decay": weight_decay},
        {"params": spared, "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Torch's generators begin with ``seed`` inside; outside they go on as if nothing was."""
    import torch

    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield
