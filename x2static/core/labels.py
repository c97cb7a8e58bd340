"""Short names for things that lie under long paths."""

from __future__ import annotations

import re
from collections.abc import Sequence


def labels_of(places: Sequence[str]) -> list[str]:
    """A short name for each: its last part, with as many parents as tell them apart.

    Names that nothing tells apart are numbered.
    """
    parts = [[part for part in place.split("/") if part not in ("", ".")] for place in places]
    labels = [as_file_name("")] * len(places)
    for depth in range(1, max(map(len, parts), default=0) + 1):
        labels = [as_file_name("-".join(some[-depth:])) for some in parts]
        if len(set(labels)) == len(labels):
            return labels
    return labels if len(labels) < 2 else [f"{x}-{n}" for n, x in enumerate(labels, 1)]


def as_file_name(text: str) -> str:
    """Letters, digits and a few signs, so that any system takes it; never hidden, never empty."""
    return re.sub(r"[^\w.()@+-]+", "-", text).lstrip(".") or "model"
