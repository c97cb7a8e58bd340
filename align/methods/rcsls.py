"""Method ``rcsls``: learn the retrieval criterion itself from pairs (Joulin et al. 2018).

Minimise -(1/P) sum_i [ 2 (R x_i)'y_i - mean of (R x_i)'y over the K targets nearest to R x_i
- mean of (R x)'y_i over the K sources whose image is nearest to y_i ] by sub-gradient steps with
the neighbours held fixed, from the orthogonal solution; a step that raises the loss is taken back
and halved.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from align.methods.method import Method
from align.problem import Problem, Resources
from align.vecmap.alignment import Alignment, Sides
from align.vecmap.induce.arrays import FloatMatrix, WideMatrix
from align.vecmap.linear import SideMaps, orthogonal_maps

_BLOCK_ENTRIES = 1 << 23
_LEAST_GAIN = 1e-4


class Rcsls(Method):
    """One whole matrix for the source; the target keeps its normalised vectors."""

    name = "rcsls"
    fixed = MappingProxyType({
        "mapping": "multistep", "whiten": True, "ridge": 0.0, "source_reweight": 0.5,
        "target_reweight": 0.5, "dimensions": 0, "self_learning": False,
    })  # fmt: skip
    whole_matrix = True
    refusal = "is not for method rcsls, which learns one whole matrix from its pairs"

    def learn(self, problem: Problem, resources: Resources) -> Alignment:
        """Learn from the pairs, with neighbours among the words of the cutoff."""
        pairs, settings = self.required_pairs(problem), problem.settings
        sides = Sides(*problem.matrices, settings)
        heads = sides.normalized(settings.cutoff or None)
        maps = rcsls_maps(
            *sides.rows_of(pairs), *heads, neighbors=settings.csls or 1, say=resources.say
        )
        first, second = sides.language_maps(maps)
        return Alignment(first, second, pairs, sides.diagnosis(first, second))


class LossAndGradient(NamedTuple):
    """Value of the criterion and its derivative with respect to the map."""

    loss: float
    gradient: WideMatrix


def rcsls_maps(
    source_pairs: FloatMatrix,
    target_pairs: FloatMatrix,
    source: FloatMatrix,
    target: FloatMatrix,
    *,
    neighbors: int = 10,
    step: float = 1.0,
    iterations: int = 10,
    say: Callable[[str], None] = lambda _: None,
) -> SideMaps:
    """Map the source by the learned matrix; the target stays as it is.

    Args:
        source_pairs: (P, D) unit rows of the pairs.
        target_pairs: (P, D) their translations.
        source: (N, D) unit rows among which neighbours of target words are looked for.
        target: (M, D) the same for neighbours of source words.
        neighbors: K of the criterion.
        step: first learning rate, as published; ten times that overshoots on 50 dimensions.
        iterations: most steps, taken back ones included; as published.
        say: told the loss of each step.
    """
    best_map = orthogonal_maps(source_pairs, target_pairs).source
    best = rcsls_loss(best_map, source_pairs, target_pairs, source, target, neighbors)
    say(f"rcsls: loss {best.loss:.5f} at the start")
    for number in range(1, iterations + 1):
        tried = best_map - step * best.gradient
        here = rcsls_loss(tried, source_pairs, target_pairs, source, target, neighbors)
        say(f"rcsls: step {number}, rate {step:g}, loss {here.loss:.5f}")
        gain = best.loss - here.loss
        if gain > 0:
            best_map, best = tried, here
        else:
            step /= 2
        if 0 < gain < _LEAST_GAIN or step < 1e-3:
            break
    return SideMaps(best_map, np.eye(target.shape[1]))


def rcsls_loss(
    matrix: WideMatrix,
    source_pairs: FloatMatrix,
    target_pairs: FloatMatrix,
    source: FloatMatrix,
    target: FloatMatrix,
    neighbors: int,
) -> LossAndGradient:
    """The criterion and its sub-gradient at a map (rows times ``matrix``)."""
    single = matrix.astype(np.float32)
    mapped = source_pairs @ single
    forward, near_targets = nearest_sums(mapped, target, target, neighbors)
    backward, near_sources = nearest_sums(target_pairs, source @ single, source, neighbors)
    agreement = float(np.einsum("ij,ij->", mapped, target_pairs, dtype=np.float64))
    count = len(source_pairs)
    gradient = (
        2 * source_pairs.T @ target_pairs
        - source_pairs.T @ near_targets
        - near_sources.T @ target_pairs
    )
    loss = -(2 * agreement - forward - backward) / count
    return LossAndGradient(loss, -gradient.astype(np.float64) / count)


def nearest_sums(
    queries: FloatMatrix, candidates: FloatMatrix, rows: FloatMatrix, count: int
) -> tuple[float, FloatMatrix]:
    """Sum over the queries of their mean similarity to the nearest, and the mean nearest rows."""
    count = min(count, len(candidates))
    size = max(1, _BLOCK_ENTRIES // len(candidates))
    total, means = 0.0, np.empty((len(queries), rows.shape[1]), np.float32)
    for at in range(0, len(queries), size):
        scores = queries[at : at + size] @ candidates.T
        near = np.argpartition(scores, len(candidates) - count, axis=1)[:, -count:]
        total += float(np.take_along_axis(scores, near, axis=1).sum(dtype=np.float64)) / count
        means[at : at + size] = rows[near].mean(axis=1)
    return total, means
