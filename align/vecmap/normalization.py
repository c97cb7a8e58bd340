"""Normalisation that remembers its statistics, so that new words get the same treatment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from align.vecmap.induce.arrays import AlignmentError, FloatMatrix, WideVector

BLOCK = 65_536
_FIRST_LOOK = 1_024
_ROUNDING = 1e-4  # of rows written with five digits, relative to their length: about 1e-5
_LEARNED = ("center", "unitdim")


@dataclass(frozen=True, eq=False)
class Normalization:
    """Steps and, for those that look at all words, what they saw.

    Attributes:
        steps: names of the steps, in order.
        statistics: (steps, D); the mean for ``center``, the column norms for ``unitdim``, else 0.
    """

    steps: tuple[str, ...]
    statistics: FloatMatrix

    def apply(self, rows: FloatMatrix) -> FloatMatrix:
        """The normalised rows as a new float32 array; zero rows stay finite."""
        result = np.array(rows, dtype=np.float32)
        for step, statistic in zip(self.steps, self.statistics, strict=True):
            _take_step(result, step, statistic)
        return result


def fit_normalization(matrix: FloatMatrix, steps: Sequence[str]) -> Normalization:
    """Learn the statistics of the steps on a whole matrix, block by block.

    Args:
        matrix: (N, D) rows of one language, all of them: the mean uses every word.
        steps: any of ``unit``, ``center``, ``unitdim``, ``centeremb``, in order.
    """
    statistics = np.zeros((len(steps), matrix.shape[1]), dtype=np.float32)
    for number, step in enumerate(steps):
        if step not in _LEARNED:
            continue
        before = Normalization(tuple(steps[:number]), statistics[:number])
        total = np.zeros(matrix.shape[1])
        for block in blocks(matrix):
            rows = before.apply(block)
            if step == "center":
                total += rows.sum(axis=0, dtype=np.float64)
            else:
                total += np.einsum("ij,ij->j", rows, rows, dtype=np.float64)
        statistics[number] = total / len(matrix) if step == "center" else np.sqrt(total)
    return Normalization(tuple(steps), statistics)


def blocks(matrix: FloatMatrix, size: int = BLOCK) -> Iterator[FloatMatrix]:
    """Views of ``size`` rows each, from first to last."""
    for start in range(0, len(matrix), size):
        yield matrix[start : start + size]


def check_finite(matrix: FloatMatrix, name: str, *, may_be_equal: bool = False) -> None:
    """Raise `AlignmentError` for NaN, infinity, no rows at all, or rows of one direction only."""
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise AlignmentError(f"{name}: no vectors (shape {matrix.shape}); give a file with words")
    for number, block in enumerate(blocks(matrix)):
        # A sum is finite only if every entry is, unless it overflows: then look closely.
        if not np.isfinite(np.einsum("ij->", block, dtype=np.float64)):
            bad = np.flatnonzero(~np.isfinite(block).all(axis=1))
            if len(bad):
                row = number * BLOCK + int(bad[0])
                raise AlignmentError(f"{name}: row {row} holds NaN or infinity; remove the word")
    if len(matrix) > 1 and not may_be_equal:
        _check_directions(matrix, name)


def _check_directions(matrix: FloatMatrix, name: str) -> None:
    """Rows of one direction are equal, or opposite, as soon as they have unit length."""
    if all((block == matrix[0]).all() for block in blocks(matrix)):
        raise AlignmentError(f"{name}: all {len(matrix)} vectors are the same: nothing to align")
    lengths = np.linalg.norm(matrix[:_FIRST_LOOK].astype(np.float64), axis=1)
    longest = matrix[int(lengths.argmax())].astype(np.float64)
    if not lengths.any():
        return  # only the first words are zeros
    direction = longest / lengths.max()
    if all(_are_multiples(block, direction) for block in blocks(matrix, _FIRST_LOOK)):
        raise AlignmentError(
            f"{name}: all {len(matrix)} vectors are multiples of one: nothing to align"
        )


def _are_multiples(rows: FloatMatrix, direction: WideVector) -> bool:
    wide = rows.astype(np.float64)
    beside = wide - np.outer(wide @ direction, direction)
    sizes = np.linalg.norm(wide, axis=1)
    return bool((np.linalg.norm(beside, axis=1) <= _ROUNDING * sizes).all())


def _take_step(rows: FloatMatrix, step: str, statistic: FloatMatrix) -> None:
    if step == "center":
        rows -= statistic
    elif step == "centeremb":
        rows -= rows.mean(axis=1, keepdims=True)
    elif step == "unitdim":
        rows /= np.where(statistic == 0, 1, statistic)
    else:
        norms = np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64)).astype(np.float32)
        norms[norms == 0] = 1
        rows /= norms[:, None]
