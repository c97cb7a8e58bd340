"""Whether memory that was freed goes back to the system at once, or stays for the next use.

Updates of a large model free and take gigabytes each. Where the system has to find and clear every
page anew (a virtual machine, above all), that takes longer than the arithmetic.
"""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress

# The GNU C library's numbers, see mallopt(3).
_TRIM_THRESHOLD, _MMAP_MAX = -1, -4
_OWN_CHOICE = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_MAX_")


def keep_freed_memory() -> bool:
    """From now on keep it; False where the C library cannot, or the user's variables decide."""
    if any(name in os.environ for name in _OWN_CHOICE):
        return False
    return _call("mallopt", _TRIM_THRESHOLD, -1) and _call("mallopt", _MMAP_MAX, 0)


def return_freed_memory() -> None:
    """Give back, once, what was freed so far, where the C library can.

    It keeps pieces smaller than the largest one ever freed, and few of them fit what comes next.
    """
    _call("malloc_trim", 0)


def _call(name: str, *numbers: int) -> bool:
    if sys.platform != "linux":
        return False
    with suppress(AttributeError):  # musl has none of these
        return bool(getattr(ctypes.CDLL(None), name)(*numbers))
    return False
