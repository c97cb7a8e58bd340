"""One thread for BLAS: small products on several threads mostly wait for each other."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

from x2static.core.errors import MissingDependencyError, require


@cache
def _controller() -> Any:
    """What limits threads; None without the extra ``align``, where BLAS is only less quick."""
    try:
        return require("threadpoolctl", "align", "self-learning").ThreadpoolController()
    except MissingDependencyError:
        return None


def one_blas_thread() -> AbstractContextManager[Any]:
    """While active, BLAS uses the calling thread alone, where that can be said to it."""
    controller = _controller()
    if controller is None:
        return nullcontext()
    limit: AbstractContextManager[Any] = controller.limit(limits=1, user_api="blas")
    return limit
