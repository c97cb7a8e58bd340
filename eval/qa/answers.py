"""From a head's begin and end scores to the text of the best answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from eval.downstream.batches import collate
from eval.downstream.memory import in_batches
from eval.downstream.pretrained import Reader
from eval.qa.questions import Question
from eval.qa.text_pieces import Pieces
from eval.qa.windows import Window
from x2static.teacher.precision import autocast, dtype_of

if TYPE_CHECKING:
    import torch


def best_spans(
    begins: torch.Tensor,
    ends: torch.Tensor,
    may_begin: torch.Tensor,
    may_end: torch.Tensor,
    most: int,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The span with the largest sum of begin and end score in each row, found exactly.

    Args:
        begins: (B, T) scores of a span's first piece.
        ends: (B, T) scores of its last piece.
        may_begin: (B, T) where one may begin.
        may_end: (B, T) where one may end.
        most: pieces a span may have.

    Returns:
        (B,) sums, first pieces and last pieces; of equal sums the earliest, then shortest span.
        The sum is minus infinity where nothing is allowed.
    """
    import torch

    begins = begins.float().masked_fill(~may_begin, -torch.inf)
    ends = ends.float().masked_fill(~may_end, -torch.inf)
    width = begins.shape[1]
    best = torch.full_like(begins, -torch.inf)
    reach = torch.zeros_like(begins, dtype=torch.long)
    for longer in range(min(most, width)):
        sums = begins[:, : width - longer] + ends[:, longer:]
        is_better = sums > best[:, : width - longer]
        best[:, : width - longer] = torch.where(is_better, sums, best[:, : width - longer])
        reach[:, : width - longer][is_better] = longer
    score, first = best.max(dim=1)
    # max does not promise the first of equals on every device
    first = (best == score[:, None]).int().argmax(dim=1)
    return score, first, first + reach.gather(1, first[:, None])[:, 0]


def find_answers(
    reader: Reader,
    questions: Sequence[Question],
    contexts: dict[str, Pieces],
    windows: Sequence[Window],
    *,
    max_answer: int,
    budget: int,
    precision: str,
    label: str = "",
) -> list[str]:
    """The text that the model takes for the answer of each question.

    Args:
        reader: a model with a question head.
        questions: what is asked.
        contexts: pieces of each context.
        windows: their inputs.
        max_answer: pieces an answer may have.
        budget: pieces in a batch, padding included.
        precision: ``fp32`` or ``bf16``.
        label: name of the work where its progress shall be shown.
    """
    best: list[tuple[float, int, int]] = [(-np.inf, 0, -1)] * len(questions)
    lengths = [len(window.row.ids) for window in windows]
    found = in_batches(
        lambda part: _spans(reader, part, max_answer, precision), windows, lengths, budget, label
    )
    for window, (score, first, last) in zip(windows, found, strict=True):
        shift = window.first - window.offset
        if score > best[window.question][0]:
            best[window.question] = (score, first + shift, last + shift)
    return [
        _text(question, contexts[question.context], first, last)
        for question, (_, first, last) in zip(questions, best, strict=True)
    ]


def _spans(
    reader: Reader, windows: Sequence[Window], max_answer: int, precision: str
) -> list[tuple[float, int, int]]:
    """Score, first and last piece of the best span of each window, as places in its input."""
    import torch

    batch = collate([window.row for window in windows], reader)
    may_begin = np.zeros(batch.inputs["input_ids"].shape, dtype=bool)
    may_end = np.zeros_like(may_begin)
    for place, window in enumerate(windows):
        inside = slice(window.offset, window.offset + window.size)
        may_begin[place, inside], may_end[place, inside] = window.is_owner, True
    masks = [torch.from_numpy(mask).to(reader.device) for mask in (may_begin, may_end)]
    with torch.inference_mode(), autocast(reader.device, dtype_of(precision)):
        output = reader.model(**batch.inputs)
        found = best_spans(output.start_logits, output.end_logits, masks[0], masks[1], max_answer)
    scores, firsts, lasts = (tensor.cpu().tolist() for tensor in found)
    return list(zip(scores, firsts, lasts, strict=True))


def _text(question: Question, context: Pieces, first: int, last: int) -> str:
    if last < first:
        return ""
    return question.context[int(context.begins[first]) : int(context.ends[last])].strip()
