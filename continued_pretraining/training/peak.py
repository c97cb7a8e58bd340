"""How many operations a second the hardware can do."""

from __future__ import annotations

import re
import time
from functools import cache

import torch

# Dense bf16 peak by the makers' data sheets, in TFLOP/s; whole words of the device's name.
_PEAKS = {"H200": 989, "H100 PCIe": 756, "H100": 989, "A100": 312, "L40S": 362, "A10G": 70,
          "L4": 121, "4090": 165, "3090": 71}  # fmt: skip
_SLOWER_OR_FASTER = "NVL|Ti|D|Laptop"  # other chips of the same number


@cache  # a process that trains often measures once
def peak_flops(device: torch.device, dtype: torch.dtype) -> float:
    """FLOP/s of this device: the data sheet's for a known GPU in bf16, else measured."""
    if device.type == "cuda" and dtype is torch.bfloat16:
        known = known_peak(torch.cuda.get_device_name(device))
        if known is not None:
            return known
    return _measured(device, dtype)


def known_peak(name: str) -> float | None:
    """The data sheet's FLOP/s of a GPU by its name; None for one that is not in the table."""
    for part, teraflops in _PEAKS.items():
        if re.search(rf"\b{part}\b(?! (?:{_SLOWER_OR_FASTER})\b)", name):
            return teraflops * 1e12
    return None


def _measured(device: torch.device, dtype: torch.dtype) -> float:
    """The best of some square matrix products."""
    size = 4096 if device.type == "cuda" else 1024
    left = torch.randn(size, size, device=device).to(dtype)
    right = left.T.contiguous()
    best = float("inf")
    for _ in range(8):
        began = time.perf_counter()
        left @ right
        if device.type == "cuda":
            torch.cuda.synchronize()
        best = min(best, time.perf_counter() - began)
    return float(2 * size**3 / best)
