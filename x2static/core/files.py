"""Outputs that are either whole or absent: written beside their place, then renamed into it."""

from __future__ import annotations

import glob
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from x2static.core.errors import OutputError

_BLOCK = 1 << 20


def describe_os_error(path: Path, error: OSError) -> str:
    """One line for a failed read or write: place and the system's own reason."""
    return f"{path}: {error.strerror or error}"


def refuse_existing(output: Path, *, overwrite: bool) -> None:
    """Stop before any work when the output is already there and may not be replaced."""
    try:
        _restore_retired(_absolute(output))
        is_there = output.exists()
        is_foreign = output.is_dir() and any(output.iterdir()) and not _has_record(output)
    except OSError as error:
        raise OutputError(describe_os_error(output, error)) from error
    if is_there and not overwrite:
        raise OutputError(f"{output} exists already; choose another --output or pass --overwrite")
    if is_foreign:
        raise OutputError(
            f"{output} is a folder that no earlier run made (it has no run.json); "
            "choose another --output or remove it yourself"
        )


def _has_record(folder: Path) -> bool:
    return (folder / "run.json").exists()


def make_parent(output: Path) -> None:
    """Create the folder an output will lie in."""
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(describe_os_error(output.parent, error)) from error


def remove_tree(path: Path) -> None:
    """Delete a file or a folder; a missing one is fine."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """Put a file's bytes on disk; the disk may prove full only now, so failure is an error."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(path: Path) -> None:
    """Put a folder's list of names on disk, where the file system can and permits it."""
    with suppress(OSError):
        _sync(path)


def _sync_tree(path: Path) -> None:
    for child in sorted(path.rglob("*")):
        _sync_folder(child) if child.is_dir() else _sync(child)
    _sync_folder(path)


@contextmanager
def staged(output: Path) -> Iterator[Path]:
    """Give a temporary path beside ``output``; on success it becomes ``output``, else it vanishes.

    The caller makes a file or a folder at the given path. An old output stays untouched until the
    new one is whole. Any ``OSError`` inside (a full disk, say) becomes one `OutputError` line.
    """
    target = _absolute(output)
    make_parent(target)
    temporary = target.parent / f".{target.name}.{os.getpid()}.tmp"
    try:
        if _is_special(target):
            raise OutputError(f"{output} is neither file nor folder; choose another --output")
        _restore_retired(target)
        _remove_abandoned(target)
        remove_tree(temporary)
        yield temporary
        _sync_tree(temporary) if temporary.is_dir() else _sync(temporary)
        replace(temporary, target)
    except OSError as error:
        place = _failing_place(error, output, temporary)
        raise OutputError(f"{describe_os_error(place, error)}; nothing was written") from error
    finally:
        with suppress(OSError):  # the first error is the one worth reporting
            remove_tree(temporary)


def replace(temporary: Path, output: Path) -> None:
    """Put ``temporary`` in the place of ``output``, whichever of the two are folders."""
    if (output.is_dir() and not output.is_symlink()) or (temporary.is_dir() and output.exists()):
        retired = output.with_name(f".{output.name}.{os.getpid()}.old")
        remove_tree(retired)
        output.rename(retired)
        try:
            temporary.rename(output)
        except OSError:
            retired.rename(output)
            raise
        remove_tree(retired)
    else:
        temporary.replace(output)
    _sync_folder(output.parent)


def _absolute(output: Path) -> Path:
    """The place itself: ``.`` gets a name, and a link is written through, not replaced."""
    return Path(os.path.realpath(output))


def _is_special(target: Path) -> bool:
    """True for what a rename would destroy for good: a device such as ``/dev/null``, the root."""
    return not target.name or (target.exists() and not target.is_file() and not target.is_dir())


def _restore_retired(output: Path) -> None:
    """Bring back an old output whose process was killed between the two renames of `replace`."""
    if output.exists() or not output.parent.is_dir():
        return
    for retired in sorted(output.parent.glob(f".{glob.escape(output.name)}.*.old")):
        with suppress(OSError):
            retired.rename(output)
            return


def _remove_abandoned(output: Path) -> None:
    """Delete the temporary files that killed processes left beside ``output``."""
    for temporary in output.parent.glob(f".{glob.escape(output.name)}.*.tmp"):
        process = temporary.name.split(".")[-2]
        if process.isdecimal() and not _is_running(int(process)):
            with suppress(OSError):
                remove_tree(temporary)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # another user's process, or a number that is none
        return True
    return True


def _failing_place(error: OSError, output: Path, temporary: Path) -> Path:
    """The path an error speaks of: an input that cannot be read, else the output."""
    if not isinstance(error.filename, (str, bytes)):
        return output
    place = Path(os.fsdecode(error.filename))
    return output if place == temporary or temporary in place.parents else place


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
