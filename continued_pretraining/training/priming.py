"""Before the first update: fill the memory of the alignment loss, and level its gradient."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import nn

from continued_pretraining.objectives.word_alignment.alignment import Aligner
from continued_pretraining.training.update import Updater

_LEVELLING = 4  # updates whose gradients are compared


def prime(updater: Updater, first: int, *, level: bool) -> None:
    """Prepare the alignment loss, if there is one; weights stay as they are.

    Args:
        updater: whose loss it is.
        first: takes text and words of the updates from this one on, which never come.
        level: scale the loss so that, at the start and with a weight of 1, its gradient is as long
            as that of masked language modelling, over the parameters that both reach.
    """
    aligner = updater.aligner
    if aligner is None:
        return
    statistic = aligner.statistic
    statistic.forget()
    end = first + statistic.updates_remembered
    for step in range(first, end):
        whole, text = updater.text_of(step)
        if words := updater.words_of(aligner, step, text, whole):
            with torch.no_grad():
                updater.remember(words)
    if level:
        found = [squared_lengths(updater, aligner, end + n) for n in range(_LEVELLING)]
        by_text, by_words = (math.fsum(side) for side in zip(*found, strict=True))
        if by_text > 0 and by_words > 0:
            statistic.scale = math.sqrt(by_text / by_words) * aligner.weight
    updater.optimizer.zero_grad(set_to_none=True)


def squared_lengths(updater: Updater, aligner: Aligner, step: int) -> tuple[float, float]:
    """Of the gradients of text and of weighted words at an update, over what the latter reach."""
    whole, text = updater.text_of(step)
    words = updater.words_of(aligner, step, text, whole)
    if words is None:
        return 0.0, 0.0
    parameters = list(updater.reader.model.hugging_face.parameters())
    updater.optimizer.zero_grad(set_to_none=True)
    updater.learn_text(step, text)
    by_text = _squares(updater, parameters)
    updater.optimizer.zero_grad(set_to_none=True)
    updater.learn_words(words, None, updater.measures(text.share, whole))
    by_words = _squares(updater, parameters)
    shared = math.fsum(by_text.get(number, 0.0) for number in by_words)
    return shared, math.fsum(by_words.values())


def _squares(updater: Updater, parameters: Sequence[nn.Parameter]) -> dict[int, float]:
    """Squared length of each gradient there is, all processes together."""
    updater.processes.sum_gradients(parameters)
    return {
        number: float(parameter.grad.double().square().sum())
        for number, parameter in enumerate(parameters)
        if parameter.grad is not None
    }
