"""Choose where the transformer runs; torch is imported only when asked."""

from __future__ import annotations

import ctypes
import os
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

from x2static.core.errors import ConfigError, require

if TYPE_CHECKING:
    import torch

DeviceName = Literal["auto", "cpu", "cuda"]

DEVICE = "where it runs; auto: a GPU where torch sees one, else the processor"
"""What ``--device`` says, and means, in every command that has it."""

_DRIVERS = ("libcuda.so.1", "libamdhip64.so", "nvcuda.dll")

# oneDNN and torch's wrapper around it keep a compiled kernel for each of the last 1,024 shapes they
# met. Batches of text come in ever new shapes, so over a long corpus that is 200 MB; the last 64
# run as fast.
_KERNEL_CACHES = {"ONEDNN_PRIMITIVE_CACHE_CAPACITY": "64", "LRU_CACHE_CAPACITY": "64"}


def device_type(name: str) -> str:
    """``cpu`` or ``cuda``, for a stage that takes torch for a GPU alone.

    Loading torch takes seconds, so ``auto`` asks it only where a GPU's driver is installed.
    """
    if name == "auto" and not (find_spec("torch") and any(map(_is_driver, _DRIVERS))):
        return "cpu"
    return "cpu" if name == "cpu" else pick_device(name).type


def _is_driver(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


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
