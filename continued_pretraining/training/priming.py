"""Before the first update: fill memories of whole-update objectives, and level their gradients."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import nn

from continued_pretraining.objectives.whole_update import WholeUpdate
from continued_pretraining.training.update import Updater

_LEVELLING = 4  # updates whose gradients are compared


def prime(updater: Updater, first: int, *, level: bool) -> None:
    """Prepare every whole-update objective; weights stay as they are.

    Args:
        updater: whose objectives they are.
        first: takes text and rows of the updates from this one on, which never come.
        level: scale the loss so that, at the start and with a weight of 1, its gradient is as long
            as that of the objectives on text, over the parameters that both reach.
    """
    for objective in updater.objectives.whole:
        objective.forget()
        end = first + objective.updates_remembered
        for step in range(first, end):
            if rows := updater.rows_of(objective, step, updater.passages_of(step)):
                with torch.no_grad():
                    updater.remember(rows)
        if level and objective.levels:
            found = [squared_lengths(updater, objective, end + n) for n in range(_LEVELLING)]
            by_text, by_rows = (math.fsum(side) for side in zip(*found, strict=True))
            if by_text > 0 and by_rows > 0:
                objective.scale = math.sqrt(by_text / by_rows) * objective.weight
    updater.optimizer.zero_grad(set_to_none=True)


def squared_lengths(updater: Updater, objective: WholeUpdate, step: int) -> tuple[float, float]:
    """Of the gradients of text and of weighted rows at an update, over what the latter reach."""
    passages = updater.passages_of(step)
    rows = updater.rows_of(objective, step, passages)
    if rows is None:
        return 0.0, 0.0
    parameters = list(updater.reader.model.hugging_face.parameters())
    updater.optimizer.zero_grad(set_to_none=True)
    updater.learn_text(step, passages, updater.measures(passages))
    by_text = _squares(updater, parameters)
    updater.optimizer.zero_grad(set_to_none=True)
    updater.learn_rows(objective, rows, None, updater.measures(passages))
    by_rows = _squares(updater, parameters)
    shared = math.fsum(by_text.get(number, 0.0) for number in by_rows)
    return shared, math.fsum(by_rows.values())


def _squares(updater: Updater, parameters: Sequence[nn.Parameter]) -> dict[int, float]:
    """Squared length of each gradient there is, all processes together."""
    updater.processes.sum_gradients(parameters)
    return {
        number: float(parameter.grad.double().square().sum())
        for number, parameter in enumerate(parameters)
        if parameter.grad is not None
    }
