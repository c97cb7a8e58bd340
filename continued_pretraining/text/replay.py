"""Text that is trained on so as not to be forgotten: other languages, with a share of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from x2static.core.errors import ConfigError

_MARK = "replay-"
Files = Mapping[str, Sequence[Path]]


def with_replay(text: Files, replay: Files) -> dict[str, list[Path]]:
    """The text and, under names of their own, the languages that are replayed.

    Raises:
        ConfigError: a language of the text is called like one that is replayed.
    """
    for name in text:
        if is_replay(name):
            raise ConfigError(f"--text {name}=...: such a name is --replay's; choose another")
    joined = {name: list(paths) for name, paths in text.items()}
    return joined | {f"{_MARK}{name}": list(paths) for name, paths in replay.items()}


def is_replay(name: str) -> bool:
    """Whether a language of the text is one that is replayed."""
    return name.startswith(_MARK)


def shares_by_size(
    names: Sequence[str], temperature: float, replayed: float, sizes: NDArray[np.int64]
) -> NDArray[np.float64]:
    """(L,) how much each language is drawn: by size to the power 1/temperature within either part.

    Args:
        names: of the languages.
        temperature: flattens the shares.
        replayed: what those that are replayed give together.
        sizes: of each language.
    """
    found: NDArray[np.float64] = sizes.astype(np.float64) ** (1 / temperature)
    marked = np.array([is_replay(name) for name in names])
    if marked.any():
        for chosen, share in ((marked, replayed), (~marked, 1 - replayed)):
            found[chosen] *= share / found[chosen].sum()
    found /= found.sum()
    return found
