"""The file that binds a folder to one run, so that no other one goes on in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from x2static.core.errors import OutputError
from x2static.core.storage.files import staged

_SHOWN = 40  # characters of a value


class Manifest:
    """What makes a run the same run, in a file of JSON: settings and digests of inputs."""

    def __init__(self, path: Path) -> None:
        """Name the file; its folder is what it binds."""
        self.path = path

    @property
    def exists(self) -> bool:
        """Whether a run has bound the folder."""
        return self.path.exists()

    def read(self) -> dict[str, Any] | None:
        """What it says; None for a missing file, or one that a sick disk left torn."""
        return read_json(self.path)

    def bind(self, identity: Mapping[str, Any]) -> None:
        """Bind a fresh folder to a run, or check that the run there is the same.

        Raises:
            OutputError: it had other settings or inputs; names each of them.
        """
        wanted = as_json(identity)
        if not self.exists:
            write_json(self.path, wanted)
            return
        found = self.read()
        if found is None:
            raise OutputError(f"{self.path} is damaged; start afresh with --overwrite")
        if changed := differences(found, wanted):
            raise OutputError(
                f"{self.path.parent}: the run there is another one ({', '.join(changed)}); give "
                "the same settings, choose another --output, or start afresh with --overwrite"
            )

    def is_of(self, identity: Mapping[str, Any]) -> bool:
        """Whether it says just this."""
        return self.read() == as_json(identity)

    def drop(self) -> None:
        """Forget the run: without it nothing in the folder is trusted."""
        self.path.unlink(missing_ok=True)


def read_json(path: Path) -> dict[str, Any] | None:
    """What a file of ours holds; None for a missing one, or one that a sick disk left torn."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a file that appears whole or not at all."""
    with staged(path, own=True) as temporary:
        text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")


def as_json(content: Mapping[str, Any]) -> dict[str, Any]:
    """What a file of JSON gives back: tuples are lists there, keys are text."""
    found: dict[str, Any] = json.loads(json.dumps(content))
    return found


def differences(past: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """``name was A and is B`` for each entry that two runs do not share, by name."""
    names = sorted({*past, *now})
    return [
        f"{name} was {_shown(past.get(name))} and is {_shown(now.get(name))}"
        for name in names
        if past.get(name) != now.get(name)
    ]


def _shown(value: Any) -> str:
    text = "unset" if value is None else str(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
