"""Freed memory stays with the process, or goes back."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

BEGIN = """
import sys
import numpy as np
from x2static.core.machine import heap

def resident():
    with open("/proc/self/statm") as stream:
        return int(stream.read().split()[1]) * 4096
"""
ONE_LARGE = """
if sys.argv[1] and not heap.keep_freed_memory():
    raise SystemExit("skip")
before = resident()
table = np.ones(25_000_000)
del table
print(resident() - before)
"""
MANY_MIDDLING = """
np.ones(4_000_000)  # 32 MB: from here on the library keeps what is smaller
before = resident()
tables = [np.ones(1_000_000) for _ in range(20)]
last = np.ones(1_000_000)
del tables
if sys.argv[1]:
    heap.return_freed_memory()
print(resident() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the GNU C library's settings")
@pytest.mark.parametrize(
    ("program", "choice", "keeps"),
    [
        (ONE_LARGE, "", False),
        (ONE_LARGE, "keep", True),
        (MANY_MIDDLING, "", True),
        (MANY_MIDDLING, "return", False),
    ],
)
def test_freed_memory(program, choice, keeps):
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + program, choice], capture_output=True, text=True
    )
    if "skip" in done.stderr:
        pytest.skip("the user's variables decide")
    assert (int(done.stdout) > 100_000_000) == keeps


def test_the_users_own_variables_decide(monkeypatch):
    from x2static.core.machine import heap

    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "1000000")
    assert not heap.keep_freed_memory()
