"""Choose where the transformer runs; torch is imported only when asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from x2static.core.errors import ConfigError, require

if TYPE_CHECKING:
    import torch

DeviceName = Literal["auto", "cpu", "cuda"]


def pick_device(name: str) -> torch.device:
    """The torch device for ``auto``, ``cpu`` or ``cuda``; ``auto`` prefers a GPU."""
    library = require("torch", "distill", "running a transformer")
    has_cuda = library.cuda.is_available()
    if name == "cuda" and not has_cuda:
        raise ConfigError("--device cuda: torch sees no CUDA device here; use --device cpu or auto")
    if name == "auto":
        name = "cuda" if has_cuda else "cpu"
    device: torch.device = library.device(name)
    return device
