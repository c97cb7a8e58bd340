"""Say whether two languages really share a space now, from the vectors alone.

Self-learning finds mutual neighbours even in noise: it looks for the rotation that makes them.
Three things tell: a map fitted to noise lifts the cosines little above what a random rotation of
the same rows gives (where words outnumber dimensions), half of its pairs do not lead to the other
half again (where they do not), and another run with other draws ends elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from align.vecmap.induce.arrays import FloatMatrix
from align.vecmap.induce.blas import one_blas_thread
from align.vecmap.induce.induction import Induction, PlainInducer, first_ranks
from align.vecmap.linear import orthogonal_maps
from align.vecmap.pairs import PairRows, mutual_pairs

WORDS = 4_000
LEAST_FOUND_AGAIN = 0.65
LEAST_LIFT = 0.25
LEAST_AGREEMENT = 0.5
"""docs/results/quality-trust.md has the runs behind it, and how often the signs err."""


@dataclass(frozen=True)
class Diagnosis:
    """Signs of success that need no dictionary.

    Attributes:
        mutual_rate: share of the frequent source words whose CSLS match chooses them back.
        found_again: share of these pairs that a rotation learned from the other half finds again.
        mean_cosine: mean cosine of the frequent words to their nearest neighbour, both ways.
        lift: how far that is above a random rotation's, on the way to 1.
        agreement: share of the frequent source words that other runs with other draws translate in
            the same way; None where there were none.
    """

    mutual_rate: float
    found_again: float
    mean_cosine: float
    lift: float
    agreement: float | None = None

    @property
    def has_failed(self) -> bool:
        """True where the map looks as if it were fitted to noise."""
        if self.found_again < LEAST_FOUND_AGAIN or self.lift < LEAST_LIFT:
            return True
        return self.agreement is not None and self.agreement < LEAST_AGREEMENT

    def __str__(self) -> str:
        stated = (
            f"mutual-neighbour rate {100 * self.mutual_rate:.1f} %, found again by half of the "
            f"pairs {100 * self.found_again:.1f} %, mean cosine {self.mean_cosine:.3f}, "
            f"lift {100 * self.lift:.1f} %"
        )
        if self.agreement is None:
            return stated
        return f"{stated}, other runs agree on {100 * self.agreement:.1f} %"


def diagnose(
    mapped: tuple[FloatMatrix, FloatMatrix], normalized: tuple[FloatMatrix, FloatMatrix]
) -> Diagnosis:
    """Look at the most frequent words of both languages.

    Args:
        mapped: source and target rows in the shared space, most frequent first, of any length.
        normalized: the same rows before the map.
    """
    x, z = (_unit(side[:WORDS]) for side in mapped)
    with one_blas_thread():
        found = translations(x, z)
        pairs = mutual_pairs(found)
        again = _found_again(normalized[0][:WORDS], normalized[1][:WORDS], pairs)
    rate = len(pairs.source) / min(len(x), len(z))
    cosine = (found.forward_objective + found.backward_objective) / 2
    chance = _chance(x, z)
    return Diagnosis(rate, again, cosine, (cosine - chance) / max(1 - chance, 1e-6))


def translations(source: FloatMatrix, target: FloatMatrix) -> Induction:
    """CSLS matches of mapped rows, both ways."""
    x, z = _unit(source), _unit(target)
    return PlainInducer(10).induce(x, z, first_ranks(len(x), len(z)))


def _chance(x: FloatMatrix, z: FloatMatrix) -> float:
    """Mean largest cosine, both ways, after a random rotation."""
    rotation = np.linalg.qr(np.random.default_rng(0).standard_normal((x.shape[1],) * 2))[0]
    cosines = (x @ rotation.astype(np.float32)) @ z.T
    return float(cosines.max(axis=1).mean() + cosines.max(axis=0).mean()) / 2


def _found_again(source: FloatMatrix, target: FloatMatrix, pairs: PairRows) -> float:
    """Share of the pairs found by a rotation that was learned without them."""
    hits = 0
    for half in (0, 1):
        learned = PairRows(pairs.source[half::2], pairs.target[half::2])
        tested = PairRows(pairs.source[1 - half :: 2], pairs.target[1 - half :: 2])
        if not len(learned.source):
            return 0.0
        maps = orthogonal_maps(source[learned.source], target[learned.target])
        turned = _unit(source[tested.source] @ maps.source.astype(np.float32))
        nearest = (turned @ _unit(target).T).argmax(axis=1)
        hits += int((nearest == tested.target).sum())
    return hits / len(pairs.source)


def _unit(rows: FloatMatrix) -> FloatMatrix:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    result: FloatMatrix = (rows / np.where(lengths == 0, 1, lengths)).astype(np.float32)
    return result
