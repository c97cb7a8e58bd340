"""The context objective in closed form, blended with the mean of a word's own states.

X2Static asks which word belongs to a context c; the score is c . u. If the contexts of each word
are a cloud around its mean m_w with one common spread S, the best scores of that form are known
without any training (Fisher 1936): u_w = S^-1 (m_w - m). One pass over the corpus gives the means
and S; nothing depends on step sizes, sampling or the order of sentences.

The own states say what a word is, the contexts what surrounds it. The blend is
    v_w = g unit(a_w + b a'_w) + h sqrt(n_w / (n_w + 5)) unit(u_w)
with a and a' the mean own states of the chosen and of a lower layer (unit length), for a word seen
n times: few contexts say little. docs/distill.md shows what each part is worth.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from x2static.core.normalize import unit
from x2static.distill.learners import Learner
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
_COSINES_AT_ONCE = 1 << 22


@dataclass(frozen=True)
class Blend:
    """How the parts are put together.

    Attributes:
        own_weight: g, length of the own half; 0: contexts only.
        context_weight: h, length of the context half; 0: own states only.
        lower_weight: b, weight of the lower layer's own states; 0: that layer is not read.
        mean_share: what the mean of all own states may make up of their mean square length.
        ridge: what S gets on its diagonal, in mean variances.
        kind: the pieces that make a context.
        specials: whether control tokens belong to it.
    """

    own_weight: float
    context_weight: float
    lower_weight: float
    mean_share: float
    ridge: float
    kind: ContextKind
    specials: bool


class ClosedFormLearner(Learner):
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

    def matrix(self, first: int | None = None) -> Matrix:
        """(V, D) the blend as it stands, or that of the first words."""
        size, width = self._sums["context"].shape
        return self._blended(np.empty((size if first is None else first, width), np.float32))

    def finish(self) -> Matrix:
        """(V, D) the blend, written over the sums: the learner is spent."""
        return self._blended(self._sums["context"].cpu().numpy())

    def _blended(self, out: Matrix) -> Matrix:
        blend, sums = self._blend, {name: t.cpu().numpy() for name, t in self._sums.items()}
        seen, met = sums["seen"], sums["met"]
        contexts = solve_contexts(sums["context"], met, sums["spread"], blend.ridge)
        trust = np.sqrt(met / (met + _SHRINK)).astype(np.float32)[:, None]
        layers = [f"own{n}" for n in range(2) if f"own{n}" in sums and blend.own_weight]
        own = [tame(sums[name], seen, blend.mean_share) for name in layers]
        for part in _parts(len(out)):
            rows = np.float32(blend.context_weight) * trust[part] * unit(contexts.rows(part))
            if own:
                states = own[0].rows(part)
                if len(own) > 1:
                    states = unit(states + np.float32(blend.lower_weight) * own[1].rows(part))
                rows += np.float32(blend.own_weight) * states
            out[part] = rows
        return out


def _parts(size: int, at_once: int = _ROWS_AT_ONCE) -> Iterator[slice]:
    """Rows of a table, some at a time."""
    return (slice(first, min(first + at_once, size)) for first in range(0, size, at_once))


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


@dataclass(frozen=True)
class RowMap:
    """Rows worked out from sums when they are asked for: ((sum / number) - mean) A + shift.

    Attributes:
        sums: (V, D) sum of each word's states.
        number: (V,) how many there were; without any, the row is zero.
        mean: (D,) mean of all of them.
        factor: (D, D), or (D,) for a diagonal.
        shift: (D,).
        unit: whether rows are brought to length 1.
    """

    sums: Matrix
    number: Counts
    mean: Matrix
    factor: Matrix
    shift: Matrix
    unit: bool

    def rows(self, part: slice = slice(None)) -> Matrix:
        """(B, D) some of the rows."""
        number = self.number[part]
        centered = _centered(self.sums[part], number, self.mean)
        is_full = self.factor.ndim == 2
        rows = np.asarray(
            centered @ self.factor if is_full else centered * self.factor, dtype=np.float32
        )
        rows[number > 0] += self.shift
        return unit(rows) if self.unit else rows


def solve_contexts(sums: Matrix, met: Counts, spread: NDArray[np.float64], ridge: float) -> RowMap:
    """(V, D) S^-1 (m_w - m) from the sums of contexts; a word without context is a zero row.

    Args:
        sums: (V, D) sum of each word's contexts.
        met: (V,) how many there were.
        spread: (D, D) sum of c c' over all contexts.
        ridge: added to the diagonal of S, in mean variances.
    """
    mean = _mean(sums, met)
    covariance = spread / max(int(met.sum()), 1) - np.outer(mean, mean)
    level = max(float(np.trace(covariance)) / len(covariance), 1e-12)
    covariance[np.diag_indices_from(covariance)] += ridge * level
    inverse = np.linalg.inv(covariance).astype(np.float32)
    return RowMap(
        sums, met, mean.astype(np.float32), inverse, np.zeros_like(inverse[0]), unit=False
    )


def tame(sums: Matrix, seen: Counts, mean_share: float) -> RowMap:
    """(V, D) mean own states of unit length, without what all words have in common.

    In many encoders a mean vector and a few rogue dimensions drown everything else. The mean of
    all occurrences is taken out as far as it makes up more than ``mean_share`` of the rows' mean
    square length, and a dimension that spreads over three times the median is scaled back to that.
    """
    mean = _mean(sums, seen)
    squares = np.zeros(len(mean))
    for part in _parts(len(sums)):
        centered = _centered(sums[part], seen[part], mean.astype(np.float32))
        squares += np.square(centered, dtype=np.float64).sum(axis=0)
    spread = np.sqrt(squares / len(sums))
    limit = _ROGUE * np.median(spread)
    scale = np.where(spread > limit, limit / np.maximum(spread, 1e-12), 1.0)
    common = mean * scale
    energy = np.square(spread * scale).sum()
    kept = np.sqrt(mean_share * energy / ((1 - mean_share) * max(float(common @ common), 1e-12)))
    shift = (min(1.0, kept) * common).astype(np.float32)
    return RowMap(sums, seen, mean.astype(np.float32), scale.astype(np.float32), shift, unit=True)


def _mean(sums: Matrix, number: Counts) -> NDArray[np.float64]:
    mean: NDArray[np.float64] = sums.sum(axis=0, dtype=np.float64) / max(int(number.sum()), 1)
    return mean


def _centered(sums: Matrix, number: Counts, mean: Matrix) -> Matrix:
    divisor = np.maximum(number, 1).astype(np.float32)
    rows: Matrix = np.subtract(sums / divisor[:, None], mean, dtype=np.float32)
    rows[number == 0] = 0
    return rows


def smooth(matrix: Matrix, counts: Counts, weight: float, device: torch.device) -> Matrix:
    """Move each row a little towards its ten nearest words that were seen ten times or more.

    They count by their squared cosine; ``weight`` is the length of the move. The matrix is brought
    to unit length in place.
    """
    import torch

    for part in _parts(len(matrix)):
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
    for part in _parts(len(matrix), max(1, _COSINES_AT_ONCE // len(frequent))):
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
