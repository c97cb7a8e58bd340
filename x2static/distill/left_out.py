"""Words that got no vector: they are left out and counted, never written as zeros or noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from x2static.core.errors import CorpusError
from x2static.core.vectors import WordVectors
from x2static.distill.config import DistillConfig
from x2static.distill.learning.materials import Ingredients, word_room

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class LeftOut:
    """How many words were left out, by reason.

    Attributes:
        without_pieces: the tokenizer makes nothing of them.
        too_long: longer than the teacher reads, even alone.
        without_context: never beside another word, where only contexts are learned from.
    """

    without_pieces: int
    too_long: int
    without_context: int

    def as_counts(self) -> dict[str, int]:
        """For a run record: the reasons that apply."""
        return {reason: count for reason, count in vars(self).items() if count}

    @property
    def warning(self) -> str | None:
        """A line, or None where nothing was left out."""
        reasons = [
            f"{count:,} {text}"
            for count, text in (
                (self.without_pieces, "without pieces"),
                (self.too_long, "longer than the teacher reads"),
                (self.without_context, "never seen in a context"),
            )
            if count
        ]
        return (
            f"warning: words without a vector left out: {', '.join(reasons)}" if reasons else None
        )


def keep_learned(
    config: DistillConfig, materials: Ingredients, matrix: Matrix
) -> tuple[WordVectors, LeftOut]:
    """The words that have a vector, and how many have none.

    Args:
        config: the settings.
        materials: what was learned from.
        matrix: (V, D) a row for each word of the vocabulary.

    Raises:
        CorpusError: no word has one.
    """
    vocabulary = materials.vocabulary
    has_pieces, fits = _readable(config, materials)
    is_learned = matrix.any(axis=1)
    if config.method == "x2static" and config.solver == "sampled":
        is_learned &= fits  # else the row still is what it was drawn as
    lost = ~is_learned
    left_out = LeftOut(
        without_pieces=int((lost & ~has_pieces).sum()),
        too_long=int((lost & has_pieces & ~fits).sum()),
        without_context=int((lost & fits).sum()),
    )
    if not lost.any():
        return WordVectors(vocabulary.words, matrix, vocabulary.counts), left_out
    if not is_learned.any():
        raise CorpusError(f"{config.corpus}: no word got a vector ({left_out.warning})")
    rows = np.flatnonzero(is_learned)
    words = [vocabulary.words[row] for row in rows.tolist()]
    return WordVectors(words, matrix[rows], vocabulary.counts[rows]), left_out


def _readable(
    config: DistillConfig, materials: Ingredients
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(V,) whether any spelling of a word has pieces, and whether one fits in a sentence."""
    rows, sizes = materials.vocabulary.rows, materials.pieces.lengths
    has_pieces = np.zeros(len(materials.vocabulary), dtype=bool)
    fits = has_pieces.copy()
    has_pieces[rows[(rows >= 0) & (sizes > 0)]] = True
    fits[rows[(rows >= 0) & (sizes > 0) & (sizes <= word_room(config, materials.teacher))]] = True
    return has_pieces, fits
