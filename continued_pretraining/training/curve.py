"""The figures of a run over its updates: a file of JSON lines, and trackers on request."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from x2static.core.errors import OutputError
from x2static.core.storage.files import describe_os_error, staged

CURVE_NAME = "curve.jsonl"


class CurveFile:
    """Appends one line of figures at a time; a resumed run goes on after its checkpoint."""

    def __init__(self, folder: Path, accelerator: Any = None) -> None:
        """Write in ``folder``; ``accelerator`` passes figures on to its trackers."""
        self.path = folder / CURVE_NAME
        self._accelerator = accelerator

    def go_back(self, step: int) -> None:
        """Drop lines of updates after ``step``, and a line that was cut off."""
        if not self.path.exists():
            return
        kept = []
        for line in self.path.read_text(encoding="utf-8").splitlines():
            with suppress(ValueError):
                if json.loads(line)["step"] <= step:
                    kept.append(line + "\n")
        with staged(self.path, own=True) as temporary:
            temporary.write_text("".join(kept), encoding="utf-8")

    def add(self, step: int, figures: dict[str, Any]) -> None:
        """Append the figures of an update."""
        line = json.dumps({"step": step, **figures}, ensure_ascii=False)
        try:
            with self.path.open("a", encoding="utf-8") as stream:
                stream.write(line + "\n")
        except OSError as error:
            raise OutputError(describe_os_error(self.path, error)) from error
        if self._accelerator is not None:
            self._accelerator.log(dict(flat(figures)), step=step)


def flat(figures: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, float]]:
    """Every number in figures that hold others, named like a path: ``validation/pairs/de-en``."""
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{above}{name}/")
        elif isinstance(value, (int, float)):
            yield above + name, value
