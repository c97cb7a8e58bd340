"""Language means as a folder: ``means.npz`` and ``languages.json``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from x2static.core.errors import DatasetError

_ARRAYS, _ABOUT = "means.npz", "languages.json"


@dataclass(frozen=True)
class Means:
    """Languages as means of sentence states.

    Attributes:
        languages: L of them.
        states: S names of what was read, such as ``12.cls``.
        parts: (S, L, P, D) means of parts that share no sentence.
        counts: (L, P) sentences of each part.
        errors: (S, L, D) standard errors of the whole mean.
    """

    languages: tuple[str, ...]
    states: tuple[str, ...]
    parts: NDArray[np.float32]
    counts: NDArray[np.int64]
    errors: NDArray[np.float32]

    def of(self, state: int) -> NDArray[np.float64]:
        """(L, D) the mean over all sentences."""
        return self.over(state, range(self.counts.shape[1]))

    def over(self, state: int, parts: Sequence[int]) -> NDArray[np.float64]:
        """(L, D) the mean over the sentences of some parts."""
        counts = self.counts[:, list(parts)].astype(np.float64)
        sums = (self.parts[state][:, list(parts)] * counts[:, :, None]).sum(axis=1)
        found: NDArray[np.float64] = sums / np.maximum(counts.sum(axis=1), 1)[:, None]
        return found


def write_means(means: Means, folder: Path) -> None:
    """Make the folder."""
    folder.mkdir()
    np.savez(folder / _ARRAYS, parts=means.parts, counts=means.counts, errors=means.errors)
    about = {"languages": list(means.languages), "states": list(means.states)}
    (folder / _ABOUT).write_text(json.dumps(about, ensure_ascii=False) + "\n", encoding="utf-8")


def read_means(folder: Path) -> Means:
    """The means in a folder made by ``languages represent``.

    Raises:
        DatasetError: it is none, or damaged.
    """
    try:
        about: dict[str, Any] = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
        with np.load(folder / _ARRAYS) as arrays:
            found = Means(
                tuple(about["languages"]),
                tuple(about["states"]),
                arrays["parts"],
                arrays["counts"],
                arrays["errors"],
            )
        sizes = (len(found.states), len(found.languages))
        if found.parts.shape[:2] != sizes or found.counts.shape[0] != sizes[1]:
            raise ValueError("its parts do not fit each other")
    except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DatasetError(
            f"{folder}: no folder of x2static languages represent ({reason})"
        ) from error
    return found


def chosen_state(means: Means, wanted: str | None, flag: str = "--state") -> int:
    """The place of a state by its name; of a single one without.

    Raises:
        DatasetError: there is none of that name, or several and none is named.
    """
    if wanted is None and len(means.states) == 1:
        return 0
    if wanted not in means.states:
        said = f"no state '{wanted}'" if wanted else "several states"
        raise DatasetError(f"{flag}: {said}; there are {', '.join(means.states)}")
    return means.states.index(wanted)
