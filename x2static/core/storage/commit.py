"""Several files and folders that appear together, or not at all, wherever the process is killed.

Each is written beside its place. When all are whole, a journal says what is to be renamed, then
they are renamed, then the journal goes. A process that finds a journal whose writer is dead does
the rest of its renames; without one, nothing had been promised and the temporary files go.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from x2static.core.errors import OutputError
from x2static.core.storage.files import describe_os_error, real, replace, sync, written_aside
from x2static.core.storage.leftovers import remove_tree, restore_retired

if TYPE_CHECKING:
    from x2static.core.storage.run_record import RunRecord

_ENDING = ".commit"
_FORMAT = "x2static-commit"


class Batch:
    """Outputs on their way.

    Attributes:
        moves: what is to be renamed, by where to.
    """

    def __init__(self) -> None:
        self.moves: dict[Path, Path] = {}

    @contextmanager
    def stage(self, output: Path) -> Iterator[Path]:
        """Like `staged`, but ``output`` appears with all the others."""
        with written_aside(output) as temporary:
            yield temporary
            sync(temporary)
        self.moves[real(output)] = temporary

    def record(self, record: RunRecord, output: Path) -> None:
        """Put a run record into a folder output of this batch, or beside a file."""
        target = real(output)
        text = record.as_text()
        if target in self.moves and self.moves[target].is_dir():
            place = self.moves[target] / "run.json"
            try:
                place.write_text(text, encoding="utf-8", errors="backslashreplace")
                sync(place)
            except OSError as error:
                raise OutputError(describe_os_error(output, error)) from error
            return
        beside = target.with_name(f"{target.name}.run.json")
        with self.stage(target / "run.json" if target.is_dir() else beside) as temporary:
            temporary.write_text(text, encoding="utf-8", errors="backslashreplace")

    def drop(self) -> None:
        """Take away what was written."""
        for temporary in self.moves.values():
            with suppress(OSError):
                remove_tree(temporary)


def commit(moves: Mapping[Path, Path]) -> None:
    """Rename all into place; Ctrl-C in the middle waits until that is done.

    Args:
        moves: what is to be renamed, by where to.
    """
    if not moves:
        return
    if len(moves) == 1:
        _move(moves)
        return
    with _journal(moves):
        try:
            _move(moves)
        except KeyboardInterrupt:
            _move(moves)
            raise


def finish_commits(folder: Path) -> None:
    """Do what is left of commits whose processes were killed, by the journals in a folder."""
    for place in sorted(folder.glob(f".*{_ENDING}")):
        with suppress(OSError), place.open("r+", encoding="utf-8") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)  # else its writer is alive
            rows = _read(stream)
            if rows is None:
                continue
            for target_name, temporary_name, inode in rows:
                target, temporary = real(folder / target_name), real(folder / temporary_name)
                restore_retired(target)
                # What has come there since is nobody's promise to replace.
                if temporary.parent == target.parent and _inode(target) == inode:
                    _move({target: temporary})
            place.unlink()


def _move(moves: Mapping[Path, Path]) -> None:
    for target, temporary in moves.items():
        if os.path.lexists(temporary):  # else it was renamed before
            replace(temporary, target)


@contextmanager
def _journal(moves: Mapping[Path, Path]) -> Iterator[None]:
    """Keep, and lock, a journal beside the first output while the renames are under way."""
    first = next(iter(moves))
    place = first.with_name(f".{first.name}{_ENDING}")
    rows = [
        [os.path.relpath(target, place.parent), os.path.relpath(temporary, place.parent), inode]
        for target, temporary in moves.items()
        for inode in [_inode(target)]
    ]
    with written_aside(place) as temporary:
        temporary.write_text(json.dumps({"format": _FORMAT, "moves": rows}), encoding="utf-8")
        sync(temporary)
        stream = temporary.open("r+", encoding="utf-8")
        fcntl.flock(stream, fcntl.LOCK_EX)
        replace(temporary, place)
    with stream:
        try:
            yield
        finally:
            place.unlink(missing_ok=True)


def _read(stream: TextIO) -> list[tuple[str, str, int | None]] | None:
    """The moves that a journal promises; None for a file that is no journal of ours."""
    try:
        content = json.load(stream)
        if content["format"] != _FORMAT:
            return None
        return [
            (str(target), str(temporary), inode) for target, temporary, inode in content["moves"]
        ]
    except (ValueError, TypeError, KeyError):
        return None


def _inode(place: Path) -> int | None:
    return place.stat().st_ino if os.path.lexists(place) else None
