"""Files that are either whole or absent: written beside their place, then renamed into it.

`staged` makes what is new, and with ``own`` replaces the program's own state. What a user names as
an output goes through `x2static.core.storage.outputs`, which knows when something may be replaced.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from x2static.core.errors import OutputError
from x2static.core.storage.leftovers import (
    remove_abandoned,
    restore_retired,
    retired_for,
    temporary_for,
)
from x2static.core.storage.leftovers import remove_tree as remove_tree

_BLOCK = 1 << 20

Stage = Callable[[Path], AbstractContextManager[Path]]
"""How a writer gets the temporary path of an output: `staged`, or the method of a `Batch`."""


def describe_os_error(path: Path, error: OSError) -> str:
    """One line for a failed read or write: place and the system's own reason."""
    return f"{path}: {error.strerror or error}"


def make_parent(output: Path) -> None:
    """Create the folder an output will lie in."""
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(describe_os_error(output.parent, error)) from error


@contextmanager
def staged(output: Path, *, own: bool = False) -> Iterator[Path]:
    """Give a temporary path beside ``output``; on success it becomes ``output``, else it vanishes.

    The caller makes a file or a folder at the given path. Any ``OSError`` inside (a full disk, say)
    becomes one `OutputError` line.

    Args:
        output: the place, where nothing may be yet.
        own: what is there is state that this program keeps for itself (a checkpoint, a manifest,
            a progress file) and a newer version of the same kind replaces it; it stays untouched
            until that is whole.
    """
    target = real(output)
    if not own:
        _refuse(output, target)
    with written_aside(output) as temporary:
        yield temporary
        sync(temporary)
        if not own:
            _refuse(output, target)
        replace(temporary, target)


@contextmanager
def written_aside(output: Path) -> Iterator[Path]:
    """Give a temporary path beside ``output``; an error takes it away and becomes one line."""
    target = real(output)
    if is_special(target):
        raise OutputError(f"{output} is neither file nor folder; choose another --output")
    make_parent(target)
    temporary = temporary_for(target)
    try:
        restore_retired(target)
        remove_abandoned(target)
        remove_tree(temporary)
        yield temporary
    except BaseException as error:
        with suppress(OSError):  # the first error is the one worth reporting
            remove_tree(temporary)
        if isinstance(error, OSError):
            place = _failing_place(error, output, temporary)
            message = f"{describe_os_error(place, error)}; nothing was written"
            raise OutputError(message) from error
        raise


def replace(temporary: Path, target: Path) -> None:
    """Put ``temporary`` in the place of ``target``: a file for a file, a folder for a folder.

    Raises:
        OutputError: the two are not of one kind.
    """
    if os.path.lexists(target) and target.is_dir() != temporary.is_dir():
        kinds = ("folder", "file") if target.is_dir() else ("file", "folder")
        raise OutputError("{} is a {}, which no {} replaces".format(target, *kinds))
    if target.is_dir():
        retired = retired_for(target)
        remove_tree(retired)
        target.rename(retired)
        try:
            temporary.rename(target)
        except OSError:
            retired.rename(target)
            raise
        remove_tree(retired)
    else:
        temporary.replace(target)
    _sync_folder(target.parent)


def sync(path: Path) -> None:
    """Put a file, or a folder with all in it, on disk, which may prove full only now."""
    if not path.is_dir():
        _sync_file(path)
        return
    for child in sorted(path.rglob("*")):
        _sync_folder(child) if child.is_dir() else _sync_file(child)
    _sync_folder(path)


def real(output: Path) -> Path:
    """The place itself: ``.`` gets a name, and a link is written through, not replaced."""
    return Path(os.path.realpath(output))


def is_special(target: Path) -> bool:
    """True for what a rename would destroy for good: a device such as ``/dev/null``, the root."""
    return not target.name or (target.exists() and not target.is_file() and not target.is_dir())


def sha256(path: Path) -> str:
    """Hex digest of a file, or of a folder's file names and contents in sorted order."""
    digest = hashlib.sha256()
    if path.is_dir():
        for child in sorted(child for child in path.rglob("*") if child.is_file()):
            digest.update(str(child.relative_to(path)).encode())
            digest.update(bytes.fromhex(sha256(child)))
        return digest.hexdigest()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _refuse(output: Path, target: Path) -> None:
    if os.path.lexists(target) and not is_special(target):
        raise OutputError(f"{output} exists already; choose another place for it")


def _sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(path: Path) -> None:
    """Put a folder's list of names on disk, where the file system can and permits it."""
    with suppress(OSError):
        _sync_file(path)


def _failing_place(error: OSError, output: Path, temporary: Path) -> Path:
    """The path an error speaks of: an input that cannot be read, else the output."""
    if not isinstance(error.filename, (str, bytes)):
        return output
    place = Path(os.fsdecode(error.filename))
    return output if place == temporary or temporary in place.parents else place
