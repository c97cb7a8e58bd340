"""X2Static's context objective in closed form, in one pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from x2static.core.messages import say
from x2static.distill.learning.balance import Balance
from x2static.distill.learning.closed_form import (
    OWN_TO_CONTEXT,
    Blend,
    ClosedFormLearner,
    fresh_sums,
)
from x2static.distill.learning.finishing import even_out, smooth
from x2static.distill.learning.workshop import Workshop, require_contexts

if TYPE_CHECKING:
    import torch

Matrix = NDArray[np.float32]


def distill_closed(shop: Workshop) -> Matrix:
    """The context objective in closed form, in one pass."""
    config, teacher, size = shop.config, shop.materials.teacher, len(shop.materials.vocabulary)
    blend = Blend(
        own_weight=config.own_weight,
        context_weight=config.context_weight,
        lower_weight=config.lower_weight,
        mean_share=config.mean_share,
        ridge=config.ridge,
        kind=config.context,
        specials=config.specials,
    )
    layers = 2 if teacher.lower is not None and config.reads_lower else 1

    def make(saved: Mapping[str, torch.Tensor] | None) -> ClosedFormLearner:
        if saved is None:
            halves = config.own_weight is None
            sums = fresh_sums(size, teacher.width, layers, teacher.device, with_halves=halves)
            return ClosedFormLearner(blend, sums)
        return ClosedFormLearner(blend, {k: v.to(teacher.device) for k, v in saved.items()})

    with shop.corpus_reader(1, with_own=True) as reader:
        planner = shop.materials.planner(config)
        learner = shop.learn("learning", planner, None, 1, reader, make)
    require_contexts(config, learner.state()["met"].sum())
    matrix = learner.finish()
    if isinstance(learner, ClosedFormLearner) and learner.balance is not None:
        _report_balance(shop, learner.balance)
    del learner  # its sums make room
    if config.evenness:
        matrix = even_out(matrix, config.evenness)
    return smooth(matrix, shop.materials.vocabulary.counts, config.smoothing, teacher.device)


def _report_balance(shop: Workshop, balance: Balance) -> None:
    own = OWN_TO_CONTEXT * balance.ratio
    shop.counts["learning"] |= {"balance": balance.report()}
    basis = (
        f"measured on {balance.words:,} words" if balance.words else "too little text to measure"
    )
    say(
        f"own states {own:.2f} to {shop.config.context_weight:g} of the contexts ({basis})",
    )
