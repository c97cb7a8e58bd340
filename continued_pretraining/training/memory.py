"""How many pieces go through the model at once, by what the device can hold."""

from __future__ import annotations

import os

import torch

from continued_pretraining.model.masked_model import MaskedModel

_BYTES_PER_NUMBER = 80  # kept per piece, block and unit of width for the way back, about
_MOST = 1 << 16


def room_for(model: MaskedModel) -> int:
    """Pieces whose way through the model fits beside weights, gradients and moments."""
    per_piece = _BYTES_PER_NUMBER * model.depth * model.width
    if model.device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(model.device)
        weights = sum(p.numel() for p in model.hugging_face.parameters())
        return int(max(1, 0.6 * (free - 12 * weights) / per_piece))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return int(0.25 * memory / per_piece)


def at_once(model: MaskedModel, block: int) -> int:
    """Padded pieces of a micro-batch: few that stay in a processor's cache, many on a GPU."""
    if model.device.type == "cuda":
        return min(_MOST, max(block, room_for(model)))
    return max(1024, 512 * torch.get_num_threads())
