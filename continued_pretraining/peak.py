"""How many operations a second the hardware can do."""

from __future__ import annotations

import time

import torch

# Dense bf16 peak by the makers' data sheets, in TFLOP/s; matched against the device's name.
_PEAKS = {"H200": 989, "H100 PCIe": 756, "H100": 989, "A100": 312, "L40S": 362, "A10G": 70,
          "L4": 121, "4090": 165, "3090": 71, "V100": 112, "1080 Ti": 11}  # fmt: skip


def peak_flops(device: torch.device, dtype: torch.dtype) -> float:
    """FLOP/s of this device: the data sheet's for a known GPU in bf16, else measured."""
    if device.type == "cuda" and dtype is torch.bfloat16:
        name = torch.cuda.get_device_name(device)
        for part, teraflops in _PEAKS.items():
            if part in name:
                return teraflops * 1e12
    return _measured(device, dtype)


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
