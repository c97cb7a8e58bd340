"""fastText's own ``.bin``: words and letter sequences, so that fastText composes as we do.

The file holds a row for each word and each bucket; fastText's vector of a word is the mean of its
row and its sequences' rows. So a word's row is written as what is left of (g + 1) times its vector
when its g sequences are taken off: the mean then is the word's own vector again. For other words
fastText takes the mean of the sequences, as our composer does.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import IO

import numpy as np

from x2static.core.compose.composer import Composer, FloatMatrix
from x2static.core.errors import ConfigError
from x2static.core.storage.files import Stage, staged
from x2static.core.vectors import WordVectors

_MAGIC, _VERSION = 793_712_314, 12
_SKIP_GRAM, _NEGATIVE_SAMPLING, _WORD = 2, 2, 0
_END = "</s>"  # fastText gives it no sequences
_BLOCK = 4_096


def write_fasttext(vectors: WordVectors, path: Path, stage: Stage = staged) -> None:
    """Write the file.

    Raises:
        ConfigError: the vectors have no composer.
    """
    composer = vectors.composer
    if composer is None:
        raise ConfigError(
            f"{path}: a fastText file composes words, and these vectors have no composer: "
            "x2static compose gives them one"
        )
    rule, words = composer.rule, vectors.words
    counts = [1] * len(words)
    if vectors.counts is not None:
        counts = np.maximum(vectors.counts, 1).tolist()
    with stage(path) as temporary, temporary.open("wb") as stream:
        stream.write(struct.pack("<ii", _MAGIC, _VERSION))
        numbers = (vectors.width, 5, 5, 1, 5, 1, _NEGATIVE_SAMPLING, _SKIP_GRAM, rule.buckets,
                   rule.shortest, rule.longest, 100)  # fmt: skip
        stream.write(struct.pack("<12id", *numbers, 1e-4))
        stream.write(struct.pack("<iiiqq", len(words), len(words), 0, sum(counts), -1))
        for word, count in zip(words, counts, strict=True):
            stream.write(word.encode() + b"\0" + struct.pack("<qb", count, _WORD))
        stream.write(struct.pack("<?qq", False, len(words) + rule.buckets, vectors.width))
        for first in range(0, len(words), _BLOCK):
            rows = _rows(vectors, composer, slice(first, min(first + _BLOCK, len(words))))
            _write(stream, rows)
        for first in range(0, rule.buckets, _BLOCK):
            _write(stream, composer.table[first : first + _BLOCK])
        stream.write(struct.pack("<?qq", False, len(words), vectors.width))
        nothing = np.zeros((_BLOCK, vectors.width), np.float32)
        for first in range(0, len(words), _BLOCK):  # of use only where training goes on
            _write(stream, nothing[: min(_BLOCK, len(words) - first)])


def _rows(vectors: WordVectors, composer: Composer, chosen: slice) -> FloatMatrix:
    rows = np.array(vectors.matrix[chosen], np.float64)
    for row, word in enumerate(vectors.words[chosen]):
        buckets = [] if word == _END else composer.rule.of(word)
        if buckets:
            rows[row] *= len(buckets) + 1
            rows[row] -= composer.table[np.array(buckets)].sum(axis=0, dtype=np.float64)
    return rows.astype(np.float32)


def _write(stream: IO[bytes], rows: np.ndarray) -> None:
    stream.write(np.ascontiguousarray(rows, "<f4").tobytes())
