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

if sys.argv[1] and not heap.keep_freed_memory():
    raise SystemExit("skip")
before = resident()
table = np.ones(25_000_000)
del table
print(resident() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the GNU C library's settings")
@pytest.mark.parametrize("keeps", [True, False])
def test_freed_memory(keeps):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "x" * keeps], capture_output=True, text=True
    )
    if "skip" in done.stderr:
        pytest.skip("another C library")
    assert (int(done.stdout) > 150_000_000) == keeps


def test_the_users_own_variables_decide(monkeypatch):
    from x2static.core.machine import heap

    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "1000000")
    assert not heap.keep_freed_memory()
