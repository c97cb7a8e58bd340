"""What a stage hands back to the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """The answer of a stage: text for a person, data for a machine.

    Attributes:
        text: what goes to standard output, without a final newline.
        data: the same as JSON-ready values, printed or saved instead when ``--json`` asks for it.
    """

    text: str
    data: dict[str, Any]
