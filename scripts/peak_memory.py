"""The most memory a process has held, and commands of ours run in a process of their own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_RUN = """
import sys
from scripts.peak_memory import peak_megabytes
from x2static.cli import main
code = main(sys.argv[1:])
print("peak", peak_megabytes())
sys.exit(code)
"""


def peak_megabytes() -> int:
    """The most memory this process has held.

    Linux's own line is read where there is one: ru_maxrss of a child starts at its parent's.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().split("VmHWM:")[1].split()[0]) // 1024
    import resource

    per_unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // per_unit


def x2static_alone(arguments: Sequence[object]) -> tuple[float, int]:
    """Seconds and peak megabytes of an ``x2static`` command in a process of its own."""
    command = [sys.executable, "-c", _RUN, *map(str, arguments)]
    began = time.perf_counter()
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=_ROOT)
    seconds = time.perf_counter() - began
    return seconds, int(answer.stdout.split("peak")[-1])
