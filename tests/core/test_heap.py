"""Freed memory stays with the process, or goes back."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import sys
import numpy as np
from x2static.core.machine import heap

def resident():
    with open("/proc/self/statm") as stream:
        return int(stream.read().split()[1]) * 4096

if not getattr(heap, sys.argv[1])():
    raise SystemExit("skip")
before = resident()
table = np.ones(25_000_000)
del table
print(resident() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the GNU C library's settings")
@pytest.mark.parametrize(
    ("name", "stays"), [("keep_freed_memory", True), ("return_freed_memory", False)]
)
def test_freed_memory(name, stays):
    done = subprocess.run([sys.executable, "-c", PROGRAM, name], capture_output=True, text=True)
    if "skip" in done.stderr:
        pytest.skip("another C library")
    assert (int(done.stdout) > 150_000_000) == stays


def test_the_users_own_variables_decide(monkeypatch):
    from x2static.core.machine import heap

    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "1000000")
    assert not heap.keep_freed_memory()
