"""Distances of our own: of language means, of static spaces, of the pieces of a tokenizer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from x2static.languages.tables.distances import Matrix


def cosine_distances(rows: NDArray[np.floating], *, centred: bool = False) -> Matrix:
    """(L, L) 1 - cos of every two rows; centred: after their mean is taken off."""
    rows = np.asarray(rows, dtype=np.float64)
    if centred:
        rows = rows - rows.mean(axis=0)
    length = np.linalg.norm(rows, axis=1)
    unit = rows / np.where(length > 0, length, 1)[:, None]
    matrix = np.clip(1 - unit @ unit.T, 0, 2)
    np.fill_diagonal(matrix, 0.0)
    found: Matrix = (matrix + matrix.T) / 2
    return found


def varies(rows: NDArray[np.floating]) -> bool:
    """Whether the rows differ by more than rounding; the first token of the embeddings does not."""
    rows = np.asarray(rows, dtype=np.float64)
    spread = np.abs(rows - rows.mean(axis=0)).max(initial=0.0)
    return bool(spread > 1e-6 * np.abs(rows).max(initial=0.0))


def spectral(spaces: Mapping[str, NDArray[np.floating]]) -> Matrix:
    """(L, L) how differently static spaces spread: root mean square of log ratios of spectra.

    Rows get unit length, are centred, and their singular values, relative to the root of the number
    of rows, are compared by rank (Dubossarsky et al. 2020). Neither a rotation nor the order of the
    words changes it. Spaces of different widths are compared over the narrower one's number of
    values.
    """
    spectra = [_spectrum(matrix) for matrix in spaces.values()]
    found = np.zeros((len(spectra), len(spectra)))
    for i, first in enumerate(spectra):
        for j in range(i):
            size = min(len(first), len(spectra[j]))
            ratio = first[:size] - spectra[j][:size]
            found[i, j] = found[j, i] = float(np.sqrt(np.mean(ratio**2)))
    return found


def overlap(counts: Sequence[Mapping[int, int]]) -> Matrix:
    """(L, L) 1 - the share of running text that two languages spend on the same pieces alike.

    The sum over pieces of the smaller of the two relative frequencies, taken from 1: total
    variation.
    """
    pieces = sorted({piece for one in counts for piece in one})
    shares = np.zeros((len(counts), len(pieces)))
    for row, one in enumerate(counts):
        total = sum(one.values())
        for column, piece in enumerate(pieces):
            shares[row, column] = one.get(piece, 0) / max(total, 1)
    found = np.zeros((len(counts), len(counts)))
    for i in range(len(counts)):
        for j in range(i):
            found[i, j] = found[j, i] = 1 - np.minimum(shares[i], shares[j]).sum()
    return found


def _spectrum(matrix: NDArray[np.floating]) -> Matrix:
    rows = np.asarray(matrix, dtype=np.float64)
    length = np.linalg.norm(rows, axis=1)
    rows = rows[length > 0] / length[length > 0, None]
    rows = rows - rows.mean(axis=0)
    values = np.linalg.eigvalsh(rows.T @ rows / len(rows))[::-1]  # squared singular values
    kept = values[values > values[0] * 1e-8]
    found: Matrix = np.log(kept) / 2
    return found
