"""Which languages a model knows, as far as its folder and its vocabulary tell."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

from x2static.core.storage.run_record import read_record

_CURVE = "curve.jsonl"
_LEAST_PIECES, _LEAST_SCRIPTS = 100, 3


def known_languages(name: str, vocabulary: dict[str, int]) -> str:
    """The languages of a model in words; "" where nothing says that there are several.

    Args:
        name: a folder, or a name on the hub.
        vocabulary: of its tokenizer.
    """
    trained = trained_languages(Path(name))
    if len(trained) > 1:
        return ", ".join(sorted(trained))
    scripts = scripts_of(vocabulary)
    return f"languages of {len(scripts)} scripts" if len(scripts) >= _LEAST_SCRIPTS else ""


def trained_languages(folder: Path) -> set[str]:
    """Those that the run which made a folder had text of."""
    record = (read_record(folder) if folder.is_dir() else None) or {}
    found = set(record.get("counts", {}).get("sequences", {}))
    curve = folder / _CURVE
    if not found and curve.is_file():
        for line in curve.read_text(encoding="utf-8").splitlines():
            figures: dict[str, Any] = json.loads(line)
            found |= set(figures.get("validation", {}).get("by_language", {}))
    return found


def scripts_of(vocabulary: dict[str, int]) -> set[str]:
    """Scripts in which a vocabulary has many pieces of two letters or more."""
    counts: Counter[str] = Counter()
    for piece in vocabulary:
        letters = [letter for letter in piece if letter.isalpha()]
        if len(letters) > 1:
            counts[unicodedata.name(letters[-1], "").partition(" ")[0]] += 1
    return {script for script, count in counts.items() if script and count >= _LEAST_PIECES}
