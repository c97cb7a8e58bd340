"""One hostile case: the files that lie there, the command, and the one line that must answer."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

Content = str | bytes | Callable[[Path], object]
"""What a file holds; or what makes it, or a folder, a link, a pipe, at the path it is given."""

HUGE = 2**70
"""A whole number that no setting, and no machine word, can have."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A command that must fail in one line, or be accepted.

    Attributes:
        name: unique within its file.
        command: the words after ``x2static``, split like a shell does; paths are relative to the
            folder that holds the files.
        line: pattern that the one error line matches; None where the command must be accepted.
        files: what lies in the folder, by name; parents are made.
        makes: names in the folder that an accepted command may make or change.
        alone: run in a process of its own, with limits on time and memory: for what could hang.
        seconds: that process's limit.
        gigabytes: of address space that it may have.
    """

    name: str
    command: str
    line: str | None
    files: Mapping[str, Content] = field(default_factory=dict)
    makes: tuple[str, ...] = ()
    alone: bool = False
    seconds: int = 30
    gigabytes: float = 4.0

    def lay_out(self, folder: Path) -> None:
        """Make the files."""
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, str):
                path.write_text(content, encoding="utf-8")
            elif isinstance(content, bytes):
                path.write_bytes(content)
            else:
                content(path)


def numbers(
    name: str, command: str, files: Mapping[str, Content], flags: Mapping[str, tuple[object, ...]]
) -> list[Case]:
    """A case for each value that a flag cannot have."""
    return [
        Case(
            name=f"{name}{flag[1:]}={value}",
            command=f"{command} {flag}={value}",
            files=files,
            line=f"^error: (argument |the number of )?{flag}",
        )
        for flag, values in flags.items()
        for value in values
    ]


def listing(folder: Path, ignored: tuple[str, ...] = ()) -> dict[str, str]:
    """Every entry below a folder with its kind, mode and content; hidden ones count."""
    found = {}
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder)
        if place.parts[0] in ignored:
            continue
        mode = path.lstat().st_mode
        content = ""
        if stat.S_ISLNK(mode):
            content = str(path.readlink())
        elif stat.S_ISREG(mode):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
        found[str(place)] = f"{stat.filemode(mode)} {content}"
    return found
