"""What is doubtful about a corpus: writing that the teacher cannot read, or of another language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from x2static.core.languages.script import script_share
from x2static.core.storage.run_record import read_record
from x2static.distill.config import DistillConfig
from x2static.distill.learning.materials import Ingredients
from x2static.teacher.legibility import Legibility

_JUDGED_WORDS = 20_000
_FEWEST_TWINS, _MOST_OF = 5, 0.9


def doubts_about(
    config: DistillConfig, materials: Ingredients, legibility: Legibility
) -> tuple[list[str], dict[str, Any]]:
    """Lines of warning, and what the run record notes of them."""
    lines = []
    text, name = str(config.corpus), materials.teacher.name
    if line := legibility.warning(text, name, "take a teacher that was trained on this language"):
        lines.append(line)
    if line := case_doubt(config, materials):
        lines.append(line)
    language = config.language or language_of(config.corpus)
    index = materials.index
    counted = zip(index.words[:_JUDGED_WORDS], index.counts.tolist(), strict=False)
    share = None if language is None else script_share(language, counted)
    if share is None:
        return lines, {}
    if not share.fits:
        lines.append(share.warning(text))
    return lines, {"script": share.as_note()}


def case_doubt(config: DistillConfig, materials: Ingredients) -> str | None:
    """A line where the teacher reads capitals as small letters and the vocabulary tells them apart.

    Each such word then gets two vectors that are all but the same, each from part of its sentences.
    """
    if config.case != "keep":
        return None
    words, rows, pieces = materials.index.words, materials.vocabulary.rows, materials.pieces
    places = {word: place for place, word in enumerate(words[:_JUDGED_WORDS]) if rows[place] >= 0}
    twins = [
        (at, places[low])
        for word, at in places.items()
        if (low := word.lower()) != word and low in places
    ]
    spans = pieces.offsets
    same = sum(
        np.array_equal(pieces.ids[spans[a] : spans[a + 1]], pieces.ids[spans[b] : spans[b + 1]])
        for a, b in twins
    )
    if same < _FEWEST_TWINS or same < _MOST_OF * len(twins):
        return None
    shown = words[twins[0][0]]
    return (
        f"warning: {materials.teacher.name} reads capitals as small letters, but {len(twins):,} "
        f"words have a vector for either ({shown}, {shown.lower()}): --case words makes one of both"
    )


def language_of(corpus: Path) -> str | None:
    """The language that ``x2static prepare`` was told, by the record beside a corpus."""
    record = read_record(corpus)
    settings = record.get("settings") if isinstance(record, dict) else None
    language = settings.get("language") if isinstance(settings, dict) else None
    return language if isinstance(language, str) else None
