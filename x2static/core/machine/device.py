"""Choose where the transformer runs; torch is imported only when asked."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

from x2static.core.errors import ConfigError, require

if TYPE_CHECKING:
    import torch

DeviceName = Literal["auto", "cpu", "cuda"]

# oneDNN and torch's wrapper around it keep a compiled kernel for each of the last 1,024 shapes they
# met. Batches of text come in ever new shapes, so over a long corpus that is 200 MB; the last 64
# run as fast.
_KERNEL_CACHES = {"ONEDNN_PRIMITIVE_CACHE_CAPACITY": "64", "LRU_CACHE_CAPACITY": "64"}


def pick_device(name: str) -> torch.device:
    """The torch device for ``auto``, ``cpu`` or ``cuda``; ``auto`` prefers a GPU."""
    for variable, capacity in _KERNEL_CACHES.items():
        os.environ.setdefault(variable, capacity)
    library = require("torch", "distill", "running a transformer")
    has_cuda = library.cuda.is_available()
    if name == "cuda" and not has_cuda:
        raise ConfigError("--device cuda: torch sees no CUDA device here; use --device cpu or auto")
    if name == "auto":
        name = "cuda" if has_cuda else "cpu"
    device: torch.device = library.device(name)
    return device
