"""Sentences kept back from training, and the loss on them: the judge of when to stop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from x2static.distill.config import DistillConfig
from x2static.distill.learning.table import loss_and_weights
from x2static.distill.readings.corpus_index import CorpusIndex
from x2static.distill.readings.plan import Pool, PoolPlanner
from x2static.distill.readings.readings import ContextKind, Readings
from x2static.distill.readings.vocabulary import NegativeSampler

if TYPE_CHECKING:
    import torch

_MOST = 20_000  # sentences; more would not judge better
_TARGETS_AT_ONCE = 512
_DRAW = 11  # tells the draws of this file from others of the same seed


def choose_held_out(corpus: CorpusIndex, share: float, seed: int) -> NDArray[np.bool_]:
    """(S,) which sentences are kept back: a random share, at most some thousands.

    A word that stands nowhere else would never be learned, so its sentence stays in training.
    """
    number = min(round(share * corpus.num_sentences), _MOST)
    chosen = np.sort(
        np.random.default_rng([seed, _DRAW]).permutation(corpus.num_sentences)[:number]
    )
    tokens, lengths = corpus.sentences(chosen)
    held = np.bincount(tokens, minlength=len(corpus.words))
    only_here = held[tokens] >= corpus.counts[tokens]
    row = np.repeat(np.arange(len(chosen)), lengths)
    lost = np.bincount(row, weights=only_here, minlength=len(chosen)) > 0
    mask = np.zeros(corpus.num_sentences, dtype=np.bool_)
    mask[chosen[~lost]] = True
    return mask


@dataclass(frozen=True)
class HeldOutTargets:
    """Targets of the sentences kept back, with negatives drawn once for all epochs.

    Attributes:
        sentences: (S,) which sentences of the corpus are kept back.
        pools: the targets.
        negatives: for each pool (n, K) rows of words.
        read: gives the readings of a pool.
        kind: the pieces that make a context.
        specials: whether control tokens belong to it.
    """

    sentences: NDArray[np.bool_]
    pools: Sequence[Pool]
    negatives: Sequence[NDArray[np.int64]]
    read: Callable[[Pool], Readings]
    kind: ContextKind
    specials: bool

    @classmethod
    def drawn(
        cls,
        planner: PoolPlanner,
        sentences: NDArray[np.bool_],
        keep: NDArray[np.float64],
        sampler: NegativeSampler,
        config: DistillConfig,
        read: Callable[[Pool], Readings],
    ) -> HeldOutTargets:
        """Targets drawn from the sentences kept back as in training, and negatives for them."""
        chosen, size = np.flatnonzero(sentences), planner.pool_sentences
        pools, negatives = [], []
        for number, first in enumerate(range(0, len(chosen), size)):
            pool = planner.plan(chosen[first : first + size], keep, (_DRAW, number, 0))
            rng = np.random.default_rng([config.seed, _DRAW, number])
            pools.append(pool)
            negatives.append(sampler.draw((len(pool.words), config.negatives), rng))
        return cls(sentences, pools, negatives, read, config.context, config.specials)

    @property
    def num_targets(self) -> int:
        """How many targets there are."""
        return sum(len(pool.words) for pool in self.pools)

    def loss(self, table: torch.Tensor) -> float:
        """Mean loss of a table on all targets."""
        import torch

        total, count = 0.0, 0
        for pool, negatives in zip(self.pools, self.negatives, strict=True):
            context, usable = self.read(pool).contexts(pool, self.kind, specials=self.specials)
            rows = np.concatenate([pool.words[:, None], negatives], axis=1)
            chosen = np.flatnonzero(usable.cpu().numpy())
            for first in range(0, len(chosen), _TARGETS_AT_ONCE):
                part = torch.from_numpy(chosen[first : first + _TARGETS_AT_ONCE])
                met = table[torch.from_numpy(rows)[part].to(table.device)]  # (n, 1 + K, D)
                around = context[part.to(context.device)]
                scores = torch.einsum("nkd,nd->nk", met, around)
                total += float(loss_and_weights(scores)[0]) * len(part)
            count += len(chosen)
        return total / max(count, 1)
