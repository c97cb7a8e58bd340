"""Embeddings of pieces from static vectors of words: a start that knows something."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from continued_pretraining.model.masked_model import MaskedModel
from continued_pretraining.text.tokenizer import LineTokenizer
from x2static.core.errors import ConfigError
from x2static.core.vector_file import read_vectors

_SIZE = 0.05  # root mean square of an embedding's numbers; the usual random start has 0.02
_FREQUENT = 10  # a word's weight is 1 / (rank + this), about its frequency


def start_embeddings(
    model: MaskedModel,
    tokenizer: LineTokenizer,
    sources: dict[str, list[Path]],
    limit: int,
    seed: int,
) -> int:
    """Set the embeddings of all pieces that occur in words with vectors; gives their number.

    A piece gets the mean of the unit vectors of its words, weighted by frequency and, for a word of
    n pieces, by 1/n^2, so that a piece which is a word is mostly that word. Languages weigh the
    same. The space is cut to its strongest directions, or filled up with noise.

    Raises:
        ConfigError: the files differ in width.
    """
    total: NDArray[np.float64] | None = None
    weights = np.zeros(tokenizer.size)
    for path in (path for paths in sources.values() for path in paths):
        vectors = read_vectors(path, limit=limit)
        if total is None:
            total = np.zeros((tokenizer.size, vectors.width))
        if vectors.width != total.shape[1]:
            raise ConfigError(
                f"--embeddings-from {path}: {vectors.width} wide, the others {total.shape[1]}; all "
                "must lie in one space"
            )
        _add_words(vectors.words, np.asarray(vectors.matrix), tokenizer, total, weights)
    if total is None:
        return 0
    known = np.flatnonzero(weights > 0)
    means = total[known] / weights[known, None]
    rng = np.random.default_rng([seed, 5])
    fitted = fit_width(means - means.mean(axis=0), model.width, rng)
    fitted *= _SIZE / np.sqrt(np.mean(fitted**2))
    table = model.hugging_face.get_input_embeddings().weight
    with torch.no_grad():
        rows = torch.from_numpy(fitted.astype(np.float32)).to(table.device)
        table[torch.from_numpy(known).to(table.device)] = rows
    return len(known)


def _add_words(
    words: Any,
    matrix: NDArray[Any],
    tokenizer: LineTokenizer,
    total: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> None:
    pieces = tokenizer.words.encode(list(words))
    lengths = pieces.lengths.astype(np.int64)
    norms = np.linalg.norm(matrix, axis=1)
    usable = (norms > 0) & (lengths > 0)
    share = np.where(usable, 1.0 / (np.arange(len(lengths)) + _FREQUENT), 0.0)
    share /= share.sum()
    share[usable] /= lengths[usable] ** 2
    rows = np.repeat(np.arange(len(lengths)), lengths)
    unit = matrix / np.where(norms > 0, norms, 1.0)[:, None]
    np.add.at(total, pieces.ids, unit[rows] * share[rows, None])
    np.add.at(weights, pieces.ids, share[rows])


def fit_width(
    rows: NDArray[np.float64], width: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """The rows in ``width`` dimensions: the strongest directions; the rest is faint noise."""
    _, _, directions = np.linalg.svd(rows, full_matrices=False)
    kept = rows @ directions[:width].T
    missing = width - kept.shape[1]
    if missing <= 0:
        return np.asarray(kept)
    noise = rng.normal(scale=0.1 * float(np.sqrt(np.mean(kept**2))), size=(len(rows), missing))
    return np.concatenate([kept, noise], axis=1)
