"""Which numbers the matrix products use, and how many of them the hardware can do."""

from __future__ import annotations

import time
from pathlib import Path

import torch

_FAST_BF16 = {"amx_bf16", "avx512_bf16"}
# Dense bf16 peak by the makers' data sheets, in TFLOP/s; matched against the device's name.
_PEAKS = {"H200": 989, "H100 PCIe": 756, "H100": 989, "A100": 312, "L40S": 362, "A10G": 70,
          "L4": 121, "4090": 165, "3090": 71, "V100": 112, "1080 Ti": 11}  # fmt: skip


def pick_precision(name: str, device: torch.device) -> torch.dtype:
    """bf16 or fp32 for ``auto``, ``bf16`` or ``fp32``: bf16 where the hardware multiplies it."""
    if name == "auto":
        if device.type == "cuda":
            name = "bf16" if torch.cuda.is_bf16_supported() else "fp32"
        else:
            name = "bf16" if _FAST_BF16 & _cpu_flags() else "fp32"
    return torch.bfloat16 if name == "bf16" else torch.float32


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


def _cpu_flags() -> set[str]:
    """Instruction sets the processor names; empty where the system does not list them."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return set()
    return set(
        next((line.split(":", 1)[1] for line in lines if line.startswith("flags")), "").split()
    )
