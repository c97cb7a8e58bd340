"""What machine a measurement was made on."""

from __future__ import annotations

import importlib.util
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

from x2static.core.storage.run_record import package_versions

CPU_FEATURES = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")
_DECIDING = ("cpu", "cores", "ram_gib", "torch_threads", "python", "versions", "gpu")


def describe_machine() -> dict[str, Any]:
    """Processor, memory, accelerator, threads and versions, as far as they can be found out."""
    machine: dict[str, Any] = {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "cpu_features": _cpu_features(),
        "ram_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "versions": package_versions(),
    }
    machine["cores"] = machine["cores"] or os.cpu_count()
    if importlib.util.find_spec("torch") is not None:
        import torch

        machine["torch_threads"] = torch.get_num_threads()
        if torch.cuda.is_available():
            machine["gpu"] = torch.cuda.get_device_name()
    return machine


def _cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
        answer = subprocess.run(
            ["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True, check=True
        )
        return answer.stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return platform.processor() or platform.machine()


def _cpu_features() -> list[str]:
    try:
        words = set(Path("/proc/cpuinfo").read_text().split())
    except OSError:
        return []
    return [feature for feature in CPU_FEATURES if feature in words]


def machine_line(machine: dict[str, Any]) -> str:
    """The machine in one line for people."""
    parts = [f"{machine['cpu']}, {machine['cores']} cores, {machine['ram_gib']} GiB"]
    parts += [f"{machine['torch_threads']} torch threads"] if "torch_threads" in machine else []
    parts += [machine["gpu"]] if "gpu" in machine else []
    parts += [f"Python {machine['python']}"]
    shown = [n for n in ("numpy", "torch", "transformers", "gensim") if n in machine["versions"]]
    return ", ".join([*parts, *(f"{name} {machine['versions'][name]}" for name in shown)])


def same_machine(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether figures of both may stand in one table."""
    return all(one.get(key) == other.get(key) for key in _DECIDING)
