"""One thread for BLAS: small products on several threads mostly wait for each other."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from x2static.core.errors import require


@cache
def _controller() -> Any:
    return require("threadpoolctl", "align", "self-learning").ThreadpoolController()


def one_blas_thread() -> AbstractContextManager[Any]:
    """While active, BLAS uses the calling thread alone."""
    limit: AbstractContextManager[Any] = _controller().limit(limits=1, user_api="blas")
    return limit
