"""The context objective in closed form, blended with the mean of a word's own states.

X2Static asks which word belongs to a context c; the score is c . u. If the contexts of each word
are a cloud around its mean m_w with one common spread S, the best scores of that form are known
without any training (Fisher 1936): u_w = S^-1 (m_w - m). One pass over the corpus gives the means
and S; nothing depends on step sizes, sampling or the order of sentences.

The own states say what a word is, the contexts what surrounds it. The blend is
    v_w = g unit(a_w + b a'_w) + sqrt(n_w / (n_w + 5)) unit(u_w)
with a and a' the mean own states of the chosen and of a lower layer (unit length), for a word seen
n times: few contexts say little. docs/distill.md shows what each part is worth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from x2static.core.normalize import unit
from x2static.distill.plan import Pool
from x2static.distill.readings import ContextKind, Readings

if TYPE_CHECKING:
    import torch

Matrix = NDArray[np.float32]
Counts = NDArray[np.int64]

_SHRINK = 5.0
_ROGUE = 3.0
_FREQUENT = 10
_NEIGHBORS = 10
_ROWS_AT_ONCE = 1024


@dataclass(frozen=True)
class Blend:
    """How the parts are put together.

    Attributes:
        own_weight: g, length of the own half where the context half has length 1; 0: contexts only.
        lower_weight: b, weight of the lower layer's own states; 0: that layer is not read.
        mean_share: what the mean of all own states may make up of their mean square length.
        ridge: what S gets on its diagonal, in mean variances.
        kind: the pieces that make a context.
        specials: whether control tokens belong to it.
    """

    own_weight: float
    lower_weight: float
    mean_share: float
    ridge: float
    kind: ContextKind
    specials: bool


class ClosedFormLearner:
    """Sums of own states and contexts per word, and the spread of all contexts."""

    needs_own = True

    def __init__(self, blend: Blend, sums: Mapping[str, torch.Tensor]) -> None:
        """Go on from saved sums (see `fresh_sums`)."""
        self._blend, self._sums = blend, dict(sums)

    def learn(self, pool: Pool, readings: Readings, _rng: np.random.Generator, /) -> None:
        """Add the targets of a pool."""
        import torch

        sums = self._sums
        words = torch.from_numpy(pool.words).to(sums["seen"].device)
        sums["seen"] += torch.bincount(words, minlength=len(sums["seen"]))
        for layer in range(len(readings.own)):
            sums[f"own{layer}"].index_add_(0, words, readings.own_means(pool, layer))
        context, usable = readings.contexts(pool, self._blend.kind, specials=self._blend.specials)
        context, met = context[usable], words[usable]
        sums["context"].index_add_(0, met, context)
        sums["met"] += torch.bincount(met, minlength=len(sums["met"]))
        sums["spread"] += (context.T @ context).double()

    def state(self) -> dict[str, torch.Tensor]:
        """All sums."""
        return self._sums

    def matrix(self) -> Matrix:
        """(V, D) the blend as it stands."""
        blend, sums = self._blend, {name: t.cpu().numpy() for name, t in self._sums.items()}
        seen, met = sums["seen"], sums["met"]
        directions = solve_contexts(sums["context"], met, sums["spread"], blend.ridge)
        trust = np.sqrt(met / (met + _SHRINK)).astype(np.float32)[:, None]
        contexts: Matrix = trust * unit(directions)
        if not blend.own_weight:
            return contexts
        own = tame(sums["own0"], seen, blend.mean_share)
        if "own1" in sums:
            lower = tame(sums["own1"], seen, blend.mean_share)
            own = unit(own + np.float32(blend.lower_weight) * lower)
        blended: Matrix = np.float32(blend.own_weight) * own + contexts
        return blended


def fresh_sums(size: int, width: int, layers: int, device: torch.device) -> dict[str, torch.Tensor]:
    """Sums before the first pool, for one or two layers of own states."""
    import torch

    own = {f"own{n}": torch.zeros(size, width, device=device) for n in range(layers)}
    return own | {
        "seen": torch.zeros(size, dtype=torch.int64, device=device),
        "context": torch.zeros(size, width, device=device),
        "met": torch.zeros(size, dtype=torch.int64, device=device),
        "spread": torch.zeros(width, width, dtype=torch.float64, device=device),
    }


def solve_contexts(sums: Matrix, met: Counts, spread: NDArray[np.float64], ridge: float) -> Matrix:
    """(V, D) S^-1 (m_w - m) from the sums of contexts; a word without context is a zero row.

    Args:
        sums: (V, D) sum of each word's contexts.
        met: (V,) how many there were.
        spread: (D, D) sum of c c' over all contexts.
        ridge: added to the diagonal of S, in mean variances.
    """
    total = max(int(met.sum()), 1)
    mean = sums.sum(axis=0, dtype=np.float64) / total
    covariance = spread / total - np.outer(mean, mean)
    level = max(float(np.trace(covariance)) / len(covariance), 1e-12)
    covariance[np.diag_indices_from(covariance)] += ridge * level
    inverse = np.linalg.inv(covariance).astype(np.float32)
    centered = sums / np.maximum(met, 1)[:, None].astype(np.float32) - mean.astype(np.float32)
    centered[met == 0] = 0
    directions: Matrix = (centered @ inverse).astype(np.float32, copy=False)
    return directions


def tame(sums: Matrix, seen: Counts, mean_share: float) -> Matrix:
    """(V, D) mean own states of unit length, without what all words have in common.

    In many encoders a mean vector and a few rogue dimensions drown everything else. The mean of
    all occurrences is taken out as far as it makes up more than ``mean_share`` of the rows' mean
    square length, and a dimension that spreads over three times the median is scaled back to that.
    """
    mean = sums.sum(axis=0, dtype=np.float64) / max(int(seen.sum()), 1)
    centered = sums / np.maximum(seen, 1)[:, None].astype(np.float32) - mean.astype(np.float32)
    centered[seen == 0] = 0
    spread = np.sqrt(np.square(centered, dtype=np.float64).mean(axis=0))
    limit = _ROGUE * np.median(spread)
    scale = np.where(spread > limit, limit / np.maximum(spread, 1e-12), 1.0)
    centered *= scale.astype(np.float32)
    mean *= scale
    energy = np.square(spread * scale).sum()
    kept = np.sqrt(mean_share * energy / ((1 - mean_share) * max(float(mean @ mean), 1e-12)))
    centered[seen > 0] += (min(1.0, kept) * mean).astype(np.float32)
    return unit(centered)


def smooth(matrix: Matrix, counts: Counts, weight: float, device: torch.device) -> Matrix:
    """Move each row a little towards its ten nearest words that were seen ten times or more.

    They count by their squared cosine; ``weight`` is the length of the move.
    """
    import torch

    rows = unit(matrix)
    frequent = np.flatnonzero(counts >= _FREQUENT)
    if not weight or len(frequent) <= _NEIGHBORS:
        return rows
    place = np.full(len(rows), -1)
    place[frequent] = np.arange(len(frequent))
    all_rows = torch.from_numpy(rows).to(device)
    others = all_rows[torch.from_numpy(frequent).to(device)]
    moved = np.empty_like(rows)
    for first in range(0, len(rows), _ROWS_AT_ONCE):
        block = all_rows[first : first + _ROWS_AT_ONCE]
        cosine = block @ others.T
        own = place[first : first + _ROWS_AT_ONCE]
        mine = torch.from_numpy(np.flatnonzero(own >= 0)).to(device)
        cosine[mine, torch.from_numpy(own[own >= 0]).to(device)] = -1  # nobody moves to itself
        near, which = cosine.topk(_NEIGHBORS, dim=1)
        share = near.clamp(min=0).square()
        share = share / share.sum(1, keepdim=True).clamp(min=1e-9)
        target = torch.einsum("nk,nkd->nd", share, others[which])
        moved[first : first + len(block)] = (block + weight * target).cpu().numpy()
    return unit(moved)
