"""What is done about a bad row: stop at the first one, or count it and go on."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Literal, NoReturn

from x2static.core.errors import VectorFormatError
from x2static.core.messages import warn

OnError = Literal["raise", "skip"]


class RowFault(Exception):  # noqa: N818 - internal: caught by the reader of the row
    """A row that cannot be used: the reason to count it under, and the words of the error line."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


class Faults:
    """Raises or counts the faults of one file.

    Attributes:
        counts: how many rows were left out, by reason.
        unit: ``"line"`` in text files, ``"row"`` in binary ones.
    """

    def __init__(self, path: Path, on_error: OnError, unit: str = "line") -> None:
        """Begin with nothing found."""
        self.path, self.on_error, self.unit = path, on_error, unit
        self.counts: Counter[str] = Counter()

    def found(self, number: int, reason: str, detail: str) -> None:
        """Meet one fault at a line or row number, counted from 1."""
        if self.on_error == "raise":
            place = f"{self.path}:{number}" if self.unit == "line" else f"{self.path}: row {number}"
            raise VectorFormatError(f"{place}: {detail}")
        self.counts[reason] += 1

    def fatal(self, detail: str) -> NoReturn:
        """Stop whatever the policy: nothing behind this point can be read."""
        raise VectorFormatError(f"{self.path}: {detail}")

    def report(self) -> None:
        """One line on the log about everything left out."""
        if self.counts:
            reasons = ", ".join(
                f"{count:,} {reason}" for reason, count in self.counts.most_common()
            )
            warn(f"{self.path}: left out: {reasons}")
