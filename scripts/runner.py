"""Our own program, started by a script."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def x2static(
    *arguments: object, allowed: tuple[int, ...] = (0,)
) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own; what it writes to standard output is kept.

    Args:
        arguments: of the command line.
        allowed: exit codes that are no failure.

    Raises:
        SystemExit: any other exit code.
    """
    command = [sys.executable, "-m", "x2static", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode not in allowed:
        raise SystemExit(f"{' '.join(command)}: exit code {done.returncode}")
    return done


def x2static_here(*arguments: object) -> None:
    """Run a command in this process, so that torch is loaded once for many of them.

    Raises:
        WorkbenchError: what the command found wrong.
    """
    from x2static.cli import run

    with contextlib.redirect_stdout(io.StringIO()):
        run([str(argument) for argument in arguments])
