"""Whether a model reads a sentence as a whole, or from left to right only."""

from __future__ import annotations

from typing import Any

from x2static.core.errors import TeacherError
from x2static.teacher.loading.hugging_face import first_line

_ROUNDING = 1e-6


def two_pieces(name: str, tokenizer: Any) -> list[int]:
    """Two ids of a tokenizer that are no control tokens.

    Raises:
        TeacherError: it has none.
    """
    ids = sorted({*tokenizer.get_vocab().values()} - {*tokenizer.all_special_ids})
    if len(ids) < 2:
        raise TeacherError(f"{name}: its tokenizer has {len(ids)} pieces beside control tokens")
    return [int(ids[0]), int(ids[-1])]


def check_reads_both_ways(name: str, model: Any, ids: list[int]) -> None:
    """Let a model read two sentences that differ in their last piece alone.

    Args:
        name: of the model, for messages.
        model: in evaluation mode.
        ids: two pieces or more that mean something to it.

    Raises:
        TeacherError: it cannot read at all, or the states before the last piece are the same in
            both, as in a decoder.
    """
    import torch

    device = next(model.parameters()).device
    begin, last, other = ids[0], ids[0], ids[-1]
    pair = torch.tensor([[begin, begin, last], [begin, begin, other]], device=device)
    try:
        with torch.inference_mode():
            output = model(input_ids=pair, attention_mask=torch.ones_like(pair))
        states = output.last_hidden_state
    except Exception as error:  # each family asks for other things
        raise TeacherError(
            f"{name}: it cannot read a sentence ({first_line(error)}); take an encoder like XLM-R"
        ) from error
    if not torch.isfinite(states).all():
        raise TeacherError(
            f"{name}: its states are no numbers (NaN or infinite): the weights are damaged; fetch "
            "or save the model again"
        )
    # Not exactly equal: a product may be summed in another order for another row.
    change = (states[0, :2] - states[1, :2]).abs().max()
    if change <= _ROUNDING * states.abs().max():
        raise TeacherError(
            f"{name}: this {model.config.model_type} reads from left to right only (no state knows "
            "what follows); take an encoder like XLM-R"
        )
