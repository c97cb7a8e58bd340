"""The pairs of a ``--validation`` file: they score a result and teach nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from align.search.folds import pairs_where
from align.seeds import lexicon_rows
from align.vecmap.induce.arrays import AlignmentError
from align.vecmap.pairs import PairRows
from x2static.core.messages import warn
from x2static.core.text.lexicon import read_lexicon
from x2static.core.vectors import WordVectors


def read_held_out(
    path: Path, source: WordVectors, target: WordVectors, learned: PairRows | None
) -> PairRows:
    """The pairs of a validation file; those of words that are also learned from are left out.

    Args:
        path: the file, source word first.
        source: vectors of the source language.
        target: vectors of the target language.
        learned: pairs that learning starts from; None where there are none.
    """
    rows = lexicon_rows(read_lexicon(path), source, target, str(path))
    if learned is None:
        return rows
    is_new = ~np.isin(rows.source, learned.source)
    if not is_new.any():
        raise AlignmentError(f"{path}: every word of it is learned from, too: nothing is held out")
    if not is_new.all():
        warn(f"{path}: {(~is_new).sum()} pairs of words learned from left out")
    return pairs_where(rows, is_new)
