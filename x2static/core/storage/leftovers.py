"""What killed processes leave beside their outputs, found by name: put back, or cleared away.

``.NAME.PID.tmp`` is an output that was not yet whole, ``.NAME.PID.old`` one that a newer version
was about to replace.
"""

from __future__ import annotations

import glob
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_OURS = re.compile(r"\..+\.\d+\.(tmp|old)")


def temporary_for(target: Path) -> Path:
    """Where this process writes a new version of ``target``."""
    return target.with_name(f".{target.name}.{os.getpid()}.tmp")


def retired_for(target: Path) -> Path:
    """Where this process puts an old folder for the moment in which it is replaced."""
    return target.with_name(f".{target.name}.{os.getpid()}.old")


def is_leftover(path: Path) -> bool:
    """Whether a name is one of the two kinds above."""
    return _OURS.fullmatch(path.name) is not None


def restore_retired(target: Path) -> None:
    """Bring back an old folder whose process was killed between the two renames of a replacement.

    Where the new version is in place already, the old one goes.
    """
    for retired in _of_dead_processes(target, "old"):
        with suppress(OSError):
            if os.path.lexists(target):
                remove_tree(retired)
            else:
                retired.rename(target)


def remove_abandoned(target: Path) -> None:
    """Delete what killed processes had not finished of ``target``."""
    for temporary in _of_dead_processes(target, "tmp"):
        with suppress(OSError):
            remove_tree(temporary)


def remove_tree(path: Path) -> None:
    """Delete a file or a folder; a missing one is fine."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _of_dead_processes(target: Path, kind: str) -> Iterator[Path]:
    for place in sorted(target.parent.glob(f".{glob.escape(target.name)}.*.{kind}")):
        process = place.name.split(".")[-2]
        is_of_target = place.name == f".{target.name}.{process}.{kind}"
        if is_of_target and process.isdecimal() and not _is_running(int(process)):
            yield place


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # another user's process, or a number that is none
        return True
    return True
