"""The linear maps of the family, each from pairs of rows to one matrix per side."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from align.vecmap.induce.arrays import AlignmentError, FloatMatrix, WideMatrix
from align.vecmap.presets import VecMapSettings

# Against the mean: a few large directions do not make the others look empty. Rows rounded to five
# digits fill an empty direction to 1e-5; real vectors stand at 6e-3, hardly enough pairs at 2e-4.
_LEAST_SINGULAR_RATIO = 1e-4
_BLOCK = 8_192  # rows of a product


class SideMaps(NamedTuple):
    """One matrix per side, applied to rows from the right; computed in float64."""

    source: WideMatrix
    target: WideMatrix


def rotation_from(cross: WideMatrix) -> WideMatrix:
    """The orthogonal W nearest to ``cross`` = X_D' Z_D: it minimises |X_D W - Z_D|."""
    left, _, right = np.linalg.svd(cross)
    rotation: WideMatrix = left @ right
    return rotation


def cross_products(left: FloatMatrix, right: FloatMatrix) -> WideMatrix:
    """``left' right`` of paired rows, as float64; the products run in float32 blocks."""
    total = np.zeros((left.shape[1], right.shape[1]))
    for start in range(0, len(left), _BLOCK):
        total += left[start : start + _BLOCK].T @ right[start : start + _BLOCK]
    return total


def _wide_products(left: FloatMatrix, right: FloatMatrix) -> WideMatrix:
    """The same with products in float64; no copy of everything in twice the width."""
    total = np.zeros((left.shape[1], right.shape[1]))
    for start in range(0, len(left), _BLOCK):
        wide = left[start : start + _BLOCK].astype(np.float64)
        other = wide if left is right else right[start : start + _BLOCK].astype(np.float64)
        total += wide.T @ other
    return total


def orthogonal_maps(source: FloatMatrix, target: FloatMatrix) -> SideMaps:
    """Rotate the source onto the target; the target stays as it is."""
    rotation = rotation_from(cross_products(source, target))
    return SideMaps(rotation, np.eye(target.shape[1]))


def unconstrained_maps(source: FloatMatrix, target: FloatMatrix) -> SideMaps:
    """Least squares from the source to the target; the target stays as it is."""
    gram = _wide_products(source, source)
    values = np.linalg.eigvalsh(gram).astype(np.float64)
    _check_rank(values, len(source), "source", "--mapping orthogonal")
    cross = _wide_products(source, target)
    solution = np.linalg.solve(gram, cross).astype(np.float64, copy=False)
    return SideMaps(solution, np.eye(target.shape[1]))


def multistep_maps(source: FloatMatrix, target: FloatMatrix, settings: VecMapSettings) -> SideMaps:
    """Whiten, rotate, re-weight, de-whiten, cut: all steps multiplied into one matrix per side.

    Args:
        source: (P, D) normalised rows of the pairs, repeated as often as the pair is.
        target: (P, D) their translations.
        settings: which steps, and how strongly.
    """
    width = source.shape[1]
    whiten_x, whiten_z = np.eye(width), np.eye(width)
    color_x, color_z = np.eye(width), np.eye(width)
    if settings.whiten:
        whiten_x, color_x = _whitening(source, "source", settings.ridge)
        whiten_z, color_z = _whitening(target, "target", settings.ridge)
    left, singular, right = np.linalg.svd(whiten_x @ _wide_products(source, target) @ whiten_z)
    p, q = left, right.T
    undo = {"source": p.T @ color_x @ p, "target": q.T @ color_z @ q, "none": np.eye(width)}
    a_x = whiten_x @ p * singular**settings.source_reweight @ undo[settings.source_dewhiten]
    a_z = whiten_z @ q * singular**settings.target_reweight @ undo[settings.target_dewhiten]
    kept = settings.dimensions or width
    return SideMaps(a_x[:, :kept], a_z[:, :kept])


def final_maps(source: FloatMatrix, target: FloatMatrix, settings: VecMapSettings) -> SideMaps:
    """The map of the kind that the settings name."""
    if settings.mapping == "orthogonal":
        return orthogonal_maps(source, target)
    if settings.mapping == "unconstrained":
        return unconstrained_maps(source, target)
    return multistep_maps(source, target, settings)


def _whitening(rows: FloatMatrix, side: str, ridge: float) -> tuple[WideMatrix, WideMatrix]:
    """(X'X)^(-1/2) and its inverse, from the eigenvectors of the small product matrix.

    A ridge lifts all eigenvalues by a multiple of their mean: no direction is blown up.
    """
    values, vectors = np.linalg.eigh(_wide_products(rows, rows))
    if ridge and values[-1] > 0:
        values = np.maximum(values, 0) + ridge * values.mean()
    else:
        _check_rank(values, len(rows), side, "--ridge 1")
    roots = np.sqrt(values)
    return vectors / roots @ vectors.T, vectors * roots @ vectors.T


def _check_rank(eigenvalues: WideMatrix, pairs: int, side: str, way_out: str) -> None:
    width = len(eigenvalues)
    remedy = f"give more pairs, or add {way_out}, or use --preset tuned"
    if pairs < width:
        raise AlignmentError(
            f"{pairs} pairs cannot fix a map of {width} dimensions (at least {width}): {remedy}"
        )
    least = max(eigenvalues.mean(), 0.0) * _LEAST_SINGULAR_RATIO**2
    rank = int((eigenvalues > least).sum())
    if rank < width:
        raise AlignmentError(
            f"the {side} words of the pairs span only {rank} of {width} dimensions: {remedy}"
        )
