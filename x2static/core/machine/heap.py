"""Whether memory that was freed goes back to the system at once, or stays for the next use.

Updates of a large model free and take gigabytes each. Where the system has to find and clear every
page anew (a virtual machine, above all), that takes longer than the arithmetic.
"""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress

# The GNU C library's numbers, see mallopt(3), and its defaults.
_TRIM_THRESHOLD, _MMAP_MAX = -1, -4
_DEFAULT_TRIM, _DEFAULT_MAPPED = 128 * 1024, 65_536
_OWN_CHOICE = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_MAX_")


def keep_freed_memory() -> bool:
    """From now on keep it; False where the C library cannot, or the user's variables decide."""
    if any(name in os.environ for name in _OWN_CHOICE):
        return False
    return _set(trim=-1, mapped=0)


def _set(*, trim: int, mapped: int) -> bool:
    if sys.platform != "linux":
        return False
    with suppress(AttributeError):  # musl has no mallopt
        mallopt = ctypes.CDLL(None).mallopt
        return bool(mallopt(_TRIM_THRESHOLD, trim)) and bool(mallopt(_MMAP_MAX, mapped))
    return False
