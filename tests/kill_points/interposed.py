"""A process that dies at the k-th thing it does to the files below a folder.

The functions of `os` and `open` that change files are wrapped. Each call is a point to die at, just
before it happens; opening a file to write it is one after it has happened, too, so that the file is
there and empty.
"""

from __future__ import annotations

import io
import os
import pathlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

KILLED = 137
_CHANGING = (
    "rename", "replace", "unlink", "remove", "mkdir", "rmdir", "link", "symlink", "truncate",
    "ftruncate", "fsync",
)  # fmt: skip
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
Holder = tuple[ModuleType, str]


def holders_of_open() -> list[Holder]:
    """Where `open` is known by which name: builtins, io, and whoever keeps it."""
    modules = [module for module in list(sys.modules.values()) if isinstance(module, ModuleType)]
    return [
        (module, name)
        for module in modules
        for name, value in list(vars(module).items())
        if value is io.open
    ]


class KillPoints:
    """Notes what happens to files, and dies when it is told to.

    Attributes:
        kinds: what was called, point by point.
    """

    def __init__(self, folder: Path, die_at: int | None = None) -> None:
        """Watch a folder; None only counts."""
        self.kinds: list[str] = []
        self._folder, self._die_at = os.path.realpath(folder), die_at

    def install(self, holders: Sequence[Holder] | None = None) -> None:
        """Wrap the functions; for good, as the process ends soon.

        Args:
            holders: what `holders_of_open` has found in this process, or one that forked it.
        """
        for name in _CHANGING:
            wrapped = self._before(getattr(os, name))
            setattr(os, name, wrapped)
            accessor = getattr(pathlib, "_NormalAccessor", None)  # Python 3.10 holds on to them
            if accessor is not None and hasattr(accessor, name):
                setattr(accessor, name, staticmethod(wrapped))
        os.open = self._around_os_open(os.open)
        holders = holders_of_open() if holders is None else holders
        wrapped = self._around_open(io.open)
        for module, name in holders:
            setattr(module, name, wrapped)

    def _point(self, target: object, kind: str) -> None:
        if isinstance(target, (str, os.PathLike)):
            place = os.path.realpath(os.fspath(target))
            if not str(place).startswith(self._folder):
                return
        self.kinds.append(kind)
        if len(self.kinds) == self._die_at:
            os._exit(KILLED)

    def _before(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **options: Any) -> Any:
            relative = options.get("dir_fd") is not None  # `shutil.rmtree` at work
            kind = function.__name__
            if kind == "unlink" and not relative and not os.path.lexists(arguments[0]):
                kind = "unlink nothing"  # what may be there is often taken away unasked
            self._point(None if relative else arguments[0], kind)
            if function.__name__ == "fsync":
                return None  # a test need not wait for the disk
            return function(*arguments, **options)

        return wrapped

    def _around_open(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
            if isinstance(file, int) or not set(mode) & set("wax+"):
                return function(file, mode, *arguments, **options)
            self._point(file, "open")
            stream = function(file, mode, *arguments, **options)
            self._point(file, "open")
            return stream

        return wrapped

    def _around_os_open(self, function: Callable[..., int]) -> Callable[..., int]:
        def wrapped(path: Any, flags: int, *arguments: Any, **options: Any) -> int:
            if not flags & _WRITING:
                return function(path, flags, *arguments, **options)
            self._point(path, "open")
            number = function(path, flags, *arguments, **options)
            self._point(path, "open")
            return number

        return wrapped
