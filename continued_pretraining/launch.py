"""``x2static pretrain``: looks for its libraries first, for the stage itself imports them."""

from __future__ import annotations

from continued_pretraining.config import PretrainConfig
from x2static.core.errors import require
from x2static.core.outcome import Outcome


def pretrain(config: PretrainConfig) -> Outcome:
    """Train and write the model with its tokenizer, curve and run record.

    Raises:
        MissingDependencyError: a library is not installed; names the extra that brings it.
    """
    for library in ("torch", "transformers", "accelerate"):
        require(library, "pretrain", "pre-training")
    from continued_pretraining.stage import pretrain as stage

    if config.groups is not None:
        from continued_pretraining.groups import pretrain_groups

        return pretrain_groups(config, stage)
    return stage(config)
