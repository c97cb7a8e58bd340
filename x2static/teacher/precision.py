"""Which numbers the matrix products use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import torch

Precision = Literal["auto", "fp32", "bf16"]
_FAST_BF16 = {"amx_bf16", "avx512_bf16"}


def pick_precision(
    precision: str, device: torch.device, *, on_cpu: bool = True
) -> Literal["fp32", "bf16"]:
    """What ``auto`` means on a device: bf16 where the hardware multiplies it faster, else fp32.

    Args:
        precision: as set.
        device: where the model runs.
        on_cpu: whether ``auto`` may take bf16 on a processor, too.
    """
    if precision != "auto":
        return "bf16" if precision == "bf16" else "fp32"
    if device.type == "cuda":
        return "bf16" if gpu_has_bf16() else "fp32"
    return "bf16" if on_cpu and _FAST_BF16 & _cpu_flags() else "fp32"


def gpu_has_bf16() -> bool:
    """Whether the GPU itself multiplies bf16; older ones only emulate it, slowly."""
    import torch

    return bool(torch.cuda.is_bf16_supported(including_emulation=False))


def autocast(device: torch.device, low: torch.dtype) -> Any:
    """A context in which matrix products take a low precision; float32 changes nothing."""
    import torch

    return torch.autocast(device.type, dtype=low, enabled=low is torch.bfloat16)


def dtype_of(precision: str) -> torch.dtype:
    """The torch type of a precision."""
    import torch

    return torch.bfloat16 if precision == "bf16" else torch.float32


def _cpu_flags() -> set[str]:
    """Instruction sets the processor names; empty where the system does not list them."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return set()
    return set(
        next((line.split(":", 1)[1] for line in lines if line.startswith("flags")), "").split()
    )
