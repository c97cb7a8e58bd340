"""Skip-gram vectors by gensim, of words or of their letters, too (fastText).

The baseline of every quality table, what maps are judged on, and a teacher's first words.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np


def sentences_of(path: Path) -> Iterator[list[str]]:
    """Token lists of a prepared text."""
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            if words := line.split():
                yield words


@cache
def num_tokens(path: Path) -> int:
    """Words of a prepared text."""
    return sum(map(len, sentences_of(path)))


def train_skip_gram(
    text: Path, output: Path, epochs: int, settings: dict[str, Any], *, subwords: bool = False
) -> None:
    """Vectors of one text in the native format; one worker makes the same numbers each time."""
    from gensim.models import FastText, Word2Vec

    from x2static.core.vector_file import write_vectors
    from x2static.core.vectors import WordVectors

    model = (FastText if subwords else Word2Vec)(
        list(sentences_of(text)), epochs=epochs, **settings
    )
    matrix = np.asarray(model.wv.vectors, dtype=np.float32)
    write_vectors(WordVectors(model.wv.index_to_key, matrix), output, "safetensors")
