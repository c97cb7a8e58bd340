"""Distil static word vectors from a multilingual transformer, and the command line around it."""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

# Of `x2static.api`; torch and its like are loaded when a function that needs them runs.
_API = (
    "WordVectors", "align", "align_hub", "bli", "pretrain", "read_vectors", "retrieval",
    "similarity", "write_vectors",
)  # fmt: skip
_PACKAGES = ("distill", "prepare")  # packages that answer a call

__all__ = ["__version__", *_API, *_PACKAGES]


def __getattr__(name: str) -> Any:
    """Load a name of the Python interface when it is first asked for."""
    if name in _API:
        return getattr(importlib.import_module("x2static.api"), name)
    if name in _PACKAGES:
        return importlib.import_module(f"x2static.{name}")
    raise AttributeError(f"module 'x2static' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
