"""The numbers in which a fine-tuned model multiplies."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from x2static.teacher.precision import gpu_has_bf16

if TYPE_CHECKING:
    import torch


def autocast(device: torch.device, precision: str) -> AbstractContextManager[Any]:
    """Multiply in bf16 inside, where that is the precision."""
    import torch

    if precision == "fp32":
        return nullcontext()
    return torch.autocast(device.type, dtype=torch.bfloat16)


def pick_precision(precision: str, device: torch.device) -> str:
    """``auto`` is bf16 on a GPU that knows it, else fp32."""
    if precision != "auto":
        return precision
    return "bf16" if device.type == "cuda" and gpu_has_bf16() else "fp32"
