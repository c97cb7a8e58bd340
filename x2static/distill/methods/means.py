"""Means of a word's own pieces: over its occurrences, or of the word alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from x2static.distill.learning.learners import Learner, mean_learner
from x2static.distill.learning.workshop import Workshop

if TYPE_CHECKING:
    import torch

Matrix = NDArray[np.float32]


def distill_aggregate(shop: Workshop) -> Matrix:
    """Bommasani et al. 2020: the mean over a word's occurrences of the mean of its own pieces."""
    config, counts = shop.config, shop.materials.vocabulary.counts
    keep = np.minimum(1.0, config.max_occurrences / counts) if config.max_occurrences else None
    with shop.corpus_reader(1, with_own=True) as reader:
        planner = shop.materials.planner(config)
        return shop.learn("aggregating", planner, keep, 1, reader, mean_maker(shop)).finish()


def distill_decontextual(shop: Workshop) -> Matrix:
    """Each word alone through the teacher, the mean of its own pieces."""
    planner = shop.materials.word_planner(shop.config)
    reader = shop.live_reader()
    return shop.learn("words alone", planner, None, 1, reader, mean_maker(shop)).finish()


def mean_maker(shop: Workshop) -> Callable[[Mapping[str, torch.Tensor] | None], Learner]:
    """A learner of means, from saved tensors or from None."""
    return mean_learner(shop.materials.teacher, len(shop.materials.vocabulary))
