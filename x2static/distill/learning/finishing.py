"""Last steps on a finished table: an even spread, and a move towards the nearest words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from x2static.core.normalize import unit
from x2static.distill.learning.row_map import Counts, Matrix, some_rows

if TYPE_CHECKING:
    import torch

_FLOOR = 1e-3  # of the mean variance
_FREQUENT = 10
_NEIGHBORS = 10
_COSINES_AT_ONCE = 1 << 22


def even_out(matrix: Matrix, power: float) -> Matrix:
    """Make the spread of rows more alike in all directions, in place.

    Rows are brought to length 1 and centred; a direction of variance s is then scaled by
    s ** (-power / 2). Nothing is turned, so that vectors of several languages by one teacher stay
    in the space that they share. A row of zeros stays one.
    """
    present = np.zeros(len(matrix), dtype=np.bool_)
    for part in some_rows(len(matrix)):
        matrix[part] = unit(matrix[part])
        present[part] = matrix[part].any(axis=1)
    number = max(int(present.sum()), 1)
    mean = matrix.sum(axis=0, dtype=np.float64) / number
    covariance = -np.outer(mean, mean)
    for part in some_rows(len(matrix)):
        covariance += (matrix[part].T @ matrix[part]).astype(np.float64) / number
    variance, directions = np.linalg.eigh(covariance)
    level = max(float(variance.mean()), 1e-12)
    scale = (np.maximum(variance, 0) / level + _FLOOR) ** (-power / 2)
    turned = ((directions * scale) @ directions.T).astype(np.float32)
    for part in some_rows(len(matrix)):
        matrix[part] = unit((matrix[part] - mean.astype(np.float32)) @ turned)
    matrix[~present] = 0
    return matrix


def smooth(matrix: Matrix, counts: Counts, weight: float, device: torch.device) -> Matrix:
    """Move each row a little towards its ten nearest words that were seen ten times or more.

    They count by their squared cosine; ``weight`` is the length of the move. The matrix is brought
    to unit length in place.
    """
    import torch

    for part in some_rows(len(matrix)):
        matrix[part] = unit(matrix[part])
    frequent = np.flatnonzero(counts >= _FREQUENT)
    if not weight or len(frequent) <= _NEIGHBORS:
        return matrix
    place = np.full(len(matrix), -1)
    place[frequent] = np.arange(len(frequent))
    rows = torch.from_numpy(matrix).to(device)
    # Counts fall, as a rule: then the frequent words are the first and need no copy.
    is_head = frequent[-1] == len(frequent) - 1
    others = rows[: len(frequent)] if is_head else rows[torch.from_numpy(frequent).to(device)]
    moved = np.empty_like(matrix)
    for part in some_rows(len(matrix), max(1, _COSINES_AT_ONCE // len(frequent))):
        block, own = rows[part], place[part]
        cosine = block @ others.T
        mine = torch.from_numpy(np.flatnonzero(own >= 0)).to(device)
        cosine[mine, torch.from_numpy(own[own >= 0]).to(device)] = -1  # nobody moves to itself
        near, which = cosine.topk(_NEIGHBORS, dim=1)
        share = near.clamp(min=0).square()
        share = share / share.sum(1, keepdim=True).clamp(min=1e-9)
        target = torch.einsum("nk,nkd->nd", share, others[which])
        moved[part] = unit((block + weight * target).cpu().numpy())
    return moved
