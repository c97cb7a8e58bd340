"""Pages of 2 MB for memory that is read from end to end again and again.

A scan of codes in pages of 4 KB spends a quarter of its time on finding the next page.
"""

from __future__ import annotations

import ctypes
import os
import sys

_COLLAPSE = 25  # MADV_COLLAPSE, since Linux 6.1


def use_huge_pages(address: int, size: int) -> bool:
    """Ask the system to move filled memory into huge pages; False where it does not."""
    if sys.platform != "linux":
        return False
    page = os.sysconf("SC_PAGE_SIZE")
    start, end = -(-address // page) * page, (address + size) // page * page
    if start >= end:
        return False
    advise = ctypes.CDLL(None).madvise
    advise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    is_moved: bool = advise(start, end - start, _COLLAPSE) == 0
    return is_moved
