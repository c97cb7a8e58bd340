"""X2Static as published: a table trained against contexts and sampled words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from x2static.core.messages import say
from x2static.distill.config import DistillConfig
from x2static.distill.learning.convergence import Convergence
from x2static.distill.learning.course import (
    MOST_EPOCHS,
    Reader,
)
from x2static.distill.learning.held_out import HeldOutTargets, choose_held_out
from x2static.distill.learning.learners import SampledLearner
from x2static.distill.learning.table import StaticTable, initial_table
from x2static.distill.learning.workshop import Workshop, require_contexts
from x2static.distill.readings.vocabulary import NegativeSampler, keep_probability

if TYPE_CHECKING:
    import torch

Matrix = NDArray[np.float32]
_FEWEST_TARGETS = 50  # fewer tell nothing about when to stop
_EPOCHS_UNJUDGED = 10


def distill_sampled(shop: Workshop) -> Matrix:
    """The table trained against contexts and sampled words."""
    config, materials = shop.config, shop.materials
    vocabulary, teacher = materials.vocabulary, materials.teacher
    sampler = NegativeSampler(vocabulary.counts, config.negative_power)
    keep = keep_probability(vocabulary.counts, config.threshold)
    with shop.corpus_reader(config.epochs or MOST_EPOCHS, with_own=_needs_own(config)) as reader:
        held_out = _hold_out(shop, keep, sampler, reader)
        planner = materials.planner(config, held_out.sentences if held_out else None)

        def make(saved: Mapping[str, torch.Tensor] | None) -> SampledLearner:
            if saved is None:
                start = initial_table(len(vocabulary), teacher.width, config.seed)
                table = StaticTable(start.to(teacher.device), config.learning_rate)
            else:
                table = StaticTable.restored(saved, config.learning_rate, teacher.device)
            convergence = Convergence(held_out.loss, saved) if held_out else None
            return SampledLearner(table, sampler, config, convergence)

        epochs = config.epochs if held_out or config.epochs else _EPOCHS_UNJUDGED
        learner = shop.learn("learning", planner, keep, epochs, reader, make)
    require_contexts(config, learner.state()["step"][0])
    if isinstance(learner, SampledLearner) and learner.convergence is not None:
        shop.counts["learning"] |= learner.convergence.report()
    return learner.finish()


def _hold_out(
    shop: Workshop, keep: NDArray[np.float64], sampler: NegativeSampler, reader: Reader
) -> HeldOutTargets | None:
    """What judges when to stop; None if the epochs are set, or if there is too little text."""
    config, materials = shop.config, shop.materials
    if config.epochs:
        return None
    sentences = choose_held_out(materials.parts, config.held_out, config.seed)
    held_out = HeldOutTargets.drawn(
        materials.planner(config), sentences, keep, sampler, config, lambda p: reader(p, True)
    )
    if held_out.num_targets >= _FEWEST_TARGETS:
        return held_out
    say(
        f"only {held_out.num_targets} targets could be held out, too few to judge when to stop: "
        f"{_EPOCHS_UNJUDGED} epochs",
    )
    return None


def _needs_own(config: DistillConfig) -> bool:
    return config.context == "exclude"
