"""Steps on a finished matrix of vectors: against anisotropy, rogue dimensions, or width."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from x2static.core.errors import ConfigError
from x2static.core.normalize import center, unit

Matrix = NDArray[np.float32]


def postprocess(matrix: Matrix, steps: Sequence[str]) -> Matrix:
    """Apply the named steps in order.

    ``center`` subtracts the mean row; ``zscore`` also divides each dimension by its spread, so that
    a rogue one weighs like any other; ``topN`` removes the N strongest directions (Mu and Viswanath
    2018); ``pcaN`` keeps the N strongest as new dimensions; ``unit`` makes every row one long.
    """
    for step in steps:
        matrix = _apply(matrix, step)
    return matrix


def check_steps(steps: Sequence[str]) -> None:
    """Refuse a step that `postprocess` does not know."""
    for step in steps:
        name, number = _split(step)
        if (name, bool(number)) not in _KNOWN:
            raise ConfigError(
                f"--postprocess {step}: unknown step; known: center, zscore, unit, and with a "
                "number topN, pcaN, such as top2 or pca300"
            )


_KNOWN = {("center", False), ("zscore", False), ("unit", False), ("top", True), ("pca", True)}


def _split(step: str) -> tuple[str, int]:
    name = step.rstrip("0123456789")
    return name, int(step[len(name) :] or 0)


def _apply(matrix: Matrix, step: str) -> Matrix:
    name, number = _split(step)
    if name == "center":
        return center(matrix)
    if name == "unit":
        return unit(matrix)
    if name == "zscore":
        centered = center(matrix)
        spread = centered.std(axis=0, dtype=np.float64)
        return (centered / np.where(spread > 0, spread, 1.0)).astype(np.float32)
    if number > matrix.shape[1]:
        raise ConfigError(
            f"--postprocess {step}: the vectors have only {matrix.shape[1]} dimensions"
        )
    directions = _principal_directions(matrix)[:, :number]
    along = center(matrix) @ directions
    return along if name == "pca" else center(matrix) - along @ directions.T


def _principal_directions(matrix: Matrix) -> Matrix:
    """(D, D) directions of greatest variance first, each with a fixed sign."""
    centered = center(matrix)
    _, directions = np.linalg.eigh((centered.T @ centered).astype(np.float64))
    directions = directions[:, ::-1]
    largest = np.abs(directions).argmax(axis=0)
    signs = np.sign(directions[largest, np.arange(directions.shape[1])])
    ordered: Matrix = (directions * signs).astype(np.float32)
    return ordered
