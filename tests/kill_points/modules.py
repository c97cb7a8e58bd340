"""What a process loads so that its forks need not."""

from __future__ import annotations

import contextlib
import gc
import importlib
import re
import sys
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Notes:
    """What a process had to do before it could work.

    Attributes:
        modules: names of what it loaded.
        patterns: the regular expressions that it compiled, with their flags.
    """

    modules: list[str] = field(default_factory=list)
    patterns: list[tuple[str, int]] = field(default_factory=list)

    def note_patterns(self) -> None:
        """From now on, for good."""
        compile_ = re.compile

        def noting(pattern: Any, flags: int = 0) -> Any:
            if isinstance(pattern, str):
                self.patterns.append((pattern, int(flags)))
            return compile_(pattern, flags)

        re.compile = noting  # type: ignore[assignment]

    def text(self) -> dict[str, Any]:
        """As JSON has it; the modules are those that are there by now, but for the tests' own."""
        self.modules = [name for name in sys.modules if not name.startswith("tests.")]
        return asdict(self)


def load(notes: Notes) -> None:
    """Do once what every fork would do anew."""
    for name in notes.modules:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    for pattern, flags in notes.patterns:
        re.compile(pattern, flags)  # `re` keeps them
    _fill_caches()
    gc.collect()
    gc.freeze()  # no fork looks through, and so copies, what all of them share


def _fill_caches() -> None:
    from x2static.core.languages.language import languages

    languages()
    if "numba" in sys.modules:
        import numba

        numba.njit(_nothing)()  # the first that is compiled or loaded brings numba's tables
    peak = sys.modules.get("continued_pretraining.training.peak")
    if peak is not None:
        import torch

        peak.peak_flops(torch.device("cpu"), torch.bfloat16)


def _nothing() -> None:
    """Work for a compiler."""
