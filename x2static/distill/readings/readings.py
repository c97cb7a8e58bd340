"""From the teacher's states to what a target word is learned from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from x2static.distill.readings.plan import Pool, TokenBatch
from x2static.teacher import Teacher

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
    own_shape = (len(pool.words), teacher.width)
    own = [torch.zeros(own_shape, device=teacher.device) for _ in range(layers)]
    for batch in pool.batches(teacher.pieces, token_budget):
        states = run_teacher(teacher, batch)
        rows = _tensor(batch.rows, teacher)
        total[rows], special[rows] = sentence_sums(states[0], batch, teacher)
        for sums, layer_states in zip(own, states, strict=False):
            sums[_tensor(batch.slots, teacher)] = own_sums(layer_states, batch, teacher)
    num_special = len(teacher.pieces.prefix) + len(teacher.pieces.suffix)
    return Readings(own, total, special, num_special)


def sentence_sums(
    states: torch.Tensor, batch: TokenBatch, teacher: Teacher
) -> tuple[torch.Tensor, torch.Tensor]:
    """(B, D) sums over the words' pieces of each sentence, and over its control tokens.

    Summed in float32: a sum of many bf16 numbers needs more digits than bf16 has.
    """
    import torch

    prefix, suffix = len(teacher.pieces.prefix), len(teacher.pieces.suffix)
    lengths = _tensor(batch.lengths, teacher)[:, None]
    column = torch.arange(states.shape[1], device=states.device)
    inside = column < lengths
    words = inside & (column >= prefix) & (column < lengths - suffix)
    weights = torch.stack([words, inside & ~words], dim=1).float()
    sums = torch.bmm(weights, states.float())
    return sums[:, 0], sums[:, 1]


def own_sums(states: torch.Tensor, batch: TokenBatch, teacher: Teacher) -> torch.Tensor:
    """(n, D) sum over the pieces of each target of a batch."""
    import torch

    sizes, begins = _tensor(batch.sizes, teacher), _tensor(batch.begins, teacher)
    sentence = _tensor(batch.sentence, teacher)
    sums = states[sentence, begins].float()
    for nth in range(1, int(batch.sizes.max(initial=0))):
        longer = torch.nonzero(sizes > nth)[:, 0]
        sums[longer] += states[sentence[longer], begins[longer] + nth].float()
    return sums


def run_teacher(teacher: Teacher, batch: TokenBatch) -> list[torch.Tensor]:
    """The (B, T, D) states of a batch, one tensor for each layer that is read."""
    mask = None
    if batch.lengths.min() < batch.input_ids.shape[1]:
        column = np.arange(batch.input_ids.shape[1])
        mask = _tensor((column < batch.lengths[:, None]).astype(np.int64), teacher)
    return teacher.layer_states(_tensor(batch.input_ids, teacher), mask)


def _tensor(array: NDArray[np.int64], teacher: Teacher) -> torch.Tensor:
    import torch

    return torch.from_numpy(array).to(teacher.device)


def _column(array: NDArray[np.int64], like: torch.Tensor) -> torch.Tensor:
    import torch

    return torch.from_numpy(array).to(like.device, like.dtype)[:, None]
