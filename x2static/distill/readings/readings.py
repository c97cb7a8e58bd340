"""From the teacher's states to what a target word is learned from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from x2static.distill.readings.plan import Pool, TokenBatch
from x2static.teacher import Teacher
from x2static.teacher.batches import mask_of
from x2static.teacher.pooling import sentence_sums, span_sums

if TYPE_CHECKING:
    import torch

ContextKind = Literal["exclude", "all"]


@dataclass(frozen=True)
class Readings:
    """Sums of the teacher's states over a pool, all in float32.

    Attributes:
        own: for each layer read, (n, D) sum over the pieces of each target; empty if nobody asked.
        total: (S, D) sum over the pieces of each sentence, without control tokens.
        special: (S, D) sum over its control tokens.
        num_special: control tokens of a sentence.
    """

    own: list[torch.Tensor]
    total: torch.Tensor
    special: torch.Tensor
    num_special: int

    def own_means(self, pool: Pool, layer: int = 0) -> torch.Tensor:
        """(n, D) mean state of each target's own pieces, in the nth layer that was read."""
        return self.own[layer] / _column(pool.sizes, self.own[layer])

    def contexts(
        self, pool: Pool, kind: ContextKind, *, specials: bool
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean state around each target, and whether there is anything around it.

        Args:
            pool: the targets.
            kind: ``exclude`` leaves the target's own pieces out (paper 1), ``all`` keeps them (the
                released code).
            specials: whether the control tokens around a sentence belong to the context.
        """
        import torch

        total, count = self.total, pool.lengths
        if specials:
            total, count = total + self.special, count + self.num_special
        around = total[torch.from_numpy(pool.sentence_of).to(total.device)]
        rest = count[pool.sentence_of]
        if kind == "exclude":
            around, rest = around - self.own[0], rest - pool.sizes
        return around / _column(np.maximum(rest, 1), around), _column(rest, around)[:, 0] > 0


def read_pool(teacher: Teacher, pool: Pool, token_budget: int, *, with_own: bool) -> Readings:
    """Run a pool through the teacher in batches of at most ``token_budget`` padded pieces."""
    import torch

    shape = (len(pool.sentences), teacher.width)
    total = torch.zeros(shape, device=teacher.device)
    special = torch.zeros(shape, device=teacher.device)
    layers = teacher.num_layers if with_own else 0
    prefix, suffix = len(teacher.pieces.prefix), len(teacher.pieces.suffix)
    own_shape = (len(pool.words), teacher.width)
    own = [torch.zeros(own_shape, device=teacher.device) for _ in range(layers)]
    for batch in pool.batches(teacher.pieces, token_budget):
        states = run_teacher(teacher, batch)
        rows = _tensor(batch.rows, teacher)
        total[rows], special[rows] = sentence_sums(states[0], batch.lengths, prefix, suffix)
        starts = batch.sentence * batch.input_ids.shape[1] + batch.begins
        for sums, layer_states in zip(own, states, strict=False):
            own_rows = span_sums(layer_states.flatten(0, 1), starts, batch.sizes)
            sums[_tensor(batch.slots, teacher)] = own_rows
    return Readings(own, total, special, prefix + suffix)


def run_teacher(teacher: Teacher, batch: TokenBatch) -> list[torch.Tensor]:
    """The (B, T, D) states of a batch, one tensor for each layer that is read."""
    mask = mask_of(batch.lengths, batch.input_ids.shape[1])
    return teacher.layer_states(
        _tensor(batch.input_ids, teacher), None if mask is None else _tensor(mask, teacher)
    )


def _tensor(array: NDArray[np.int64], teacher: Teacher) -> torch.Tensor:
    import torch

    return torch.from_numpy(array).to(teacher.device)


def _column(array: NDArray[np.int64], like: torch.Tensor) -> torch.Tensor:
    import torch

    return torch.from_numpy(array).to(like.device, like.dtype)[:, None]
