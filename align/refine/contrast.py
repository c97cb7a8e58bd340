"""Contrastive polishing: each word of a pair must pick its translation out of all frequent words.

With x a mapped source word, y its translation and Y the frequent words of the target, all of unit
length, minimise the mean over the pairs of

    -log( e^(x'y / t) / ( e^(x'y / t) + sum over Y without right answers of e^(x'y' / t) ) )

and of the same from the target to the source, over both maps. It is the criterion of Li et al.
2022 with every frequent word as a negative in place of the nearest ones, which need not be looked
for then, and with a temperature; the soft-max looks at the near ones by itself. Each step looks at
some of the frequent words, drawn anew, that stand for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from align.vecmap.induce.arrays import FloatMatrix, Rows, WideMatrix
from align.vecmap.pairs import PairRows

_PASSES, _FEWEST_STEPS = 12, 40
_DECAY, _SQUARED_DECAY, _TINY = 0.9, 0.999, 1e-8


@dataclass(frozen=True)
class Contrast:
    """How to polish.

    Attributes:
        temperature: t; the smaller, the more the nearest wrong answers count.
        rate: first step size (Adam); falls to nothing over the second half of the steps.
        steps: most batches of pairs; fewer where that is twelve passes over the pairs.
        batch: pairs of one step.
        negatives: frequent words per side that one step looks at.
    """

    temperature: float = 0.05
    rate: float = 0.004
    steps: int = 120
    batch: int = 512
    negatives: int = 1024

    def steps_for(self, num_pairs: int) -> int:
        """Twelve passes over the pairs, within reason."""
        passes = _PASSES * max(1, round(num_pairs / self.batch))
        return min(self.steps, max(_FEWEST_STEPS, passes))


class Turns(NamedTuple):
    """What each side's map is multiplied by from the right; or the loss's derivative by it."""

    source: WideMatrix
    target: WideMatrix


class Drawn(NamedTuple):
    """Rows of each side that stand for its frequent words, in rising order.

    Attributes:
        source: rows of the source.
        target: rows of the target.
        cutoff: how many words per side they stand for.
    """

    source: Rows
    target: Rows
    cutoff: int

    @classmethod
    def all_of(cls, cutoff: int, source: FloatMatrix, target: FloatMatrix) -> Drawn:
        """Every frequent word."""
        first, second = (np.arange(min(cutoff, len(side))) for side in (source, target))
        return cls(first, second, cutoff)

    def some(self, count: int, draw: np.random.Generator) -> Drawn:
        """As many of each side as are wanted, or all where there are no more."""
        source, target = (
            np.sort(draw.choice(rows, count, replace=False)) if len(rows) > count else rows
            for rows in (self.source, self.target)
        )
        return Drawn(source, target, self.cutoff)

    def turned(self) -> Drawn:
        """The same, seen from the other side."""
        return Drawn(self.target, self.source, self.cutoff)


class Contrasted(NamedTuple):
    """Value of the criterion and its derivatives by the turns."""

    loss: float
    gradients: Turns


def contrast_turns(
    source: FloatMatrix,
    target: FloatMatrix,
    pairs: PairRows,
    cutoff: int,
    how: Contrast,
    *,
    is_target_fixed: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Turns:
    """Learn what to turn the maps by.

    Args:
        source: (N, K) mapped unit rows of the source, most frequent first.
        target: (M, K) of the target.
        pairs: to learn from.
        cutoff: most frequent words per side among which the right one must be picked.
        how: temperature, rate and steps.
        is_target_fixed: the source is turned alone.
        tell: told of each step.
    """
    turns = Turns(*(np.eye(side.shape[1]) for side in (source, target)))
    optimizers = [_Adam(turn) for turn in turns[: 1 if is_target_fixed else 2]]
    steps = how.steps_for(len(pairs.source))
    frequent, draw = Drawn.all_of(cutoff, source, target), np.random.default_rng(1)
    batches = _batches(len(pairs.source), how.batch, steps)
    for step, chosen in enumerate(batches):
        batch = PairRows(pairs.source[chosen], pairs.target[chosen])
        here = contrast_loss(
            turns,
            source,
            target,
            pairs,
            batch,
            frequent.some(how.negatives, draw),
            how.temperature,
            is_target_fixed=is_target_fixed,
        )
        rate = how.rate * min(1.0, 2 * (1 - step / steps))
        for optimizer, gradient in zip(optimizers, here.gradients, strict=False):
            optimizer.step(gradient, rate)
        tell(f"polished by {step + 1} of {steps} batches")
    return turns


def contrast_loss(
    turns: Turns,
    source: FloatMatrix,
    target: FloatMatrix,
    pairs: PairRows,
    batch: PairRows,
    drawn: Drawn,
    temperature: float,
    *,
    is_target_fixed: bool = False,
) -> Contrasted:
    """The criterion on some of the pairs, both directions added up.

    A fixed target's gradient is not worked out: it is 0.
    """
    moves = not is_target_fixed
    there = _one_way(
        (source, target), turns, pairs, batch, drawn, temperature, _Wanted(True, moves)
    )
    back = _one_way(
        (target, source),
        (turns.target, turns.source),
        _turned(pairs),
        _turned(batch),
        drawn.turned(),
        temperature,
        _Wanted(moves, True),
    )
    gradients = Turns(there[1] + back[2], there[2] + back[1])
    return Contrasted(there[0] + back[0], gradients)


class _Wanted(NamedTuple):
    """Whose derivatives are."""

    queries: bool
    answers: bool


def _one_way(
    sides: tuple[FloatMatrix, FloatMatrix],
    turns: tuple[WideMatrix, WideMatrix],
    pairs: PairRows,
    batch: PairRows,
    drawn: Drawn,
    temperature: float,
    wanted: _Wanted,
) -> tuple[float, WideMatrix, WideMatrix]:
    """Loss, and its derivatives by the queries' turn and by the answers'.

    A cosine is 1 at most, so its exponential needs no shift at these temperatures; the factors of
    the rows are applied to the small products and not to the large matrix, which is written once
    and read twice.
    """
    queries = _Turned(sides[0][batch.source], turns[0])
    right = _Turned(sides[1][batch.target], turns[1])
    others = _Turned(sides[1][drawn.target], turns[1])
    each = np.float32(min(drawn.cutoff, len(sides[1])) / len(drawn.target))  # stands for so many
    sharpened = queries.unit / np.float32(temperature)
    agreement = np.einsum("ij,ij->i", sharpened, right.unit)
    scores = sharpened @ others.unit.T
    np.exp(scores, out=scores)
    scores[_right_answers(pairs, batch, drawn.target)] = 0
    mine = np.exp(agreement)
    total = mine + each * scores.sum(axis=1)
    loss = float(np.mean(np.log(total) - agreement, dtype=np.float64))
    scale = np.float32(1 / (len(mine) * temperature))
    factor = (each * scale / total)[:, None]
    missing = ((mine / total - 1) * scale)[:, None]
    by_queries, by_answers = (np.zeros_like(turn) for turn in turns)
    if wanted.queries:
        by_queries = queries.gradient(missing * right.unit + factor * (scores @ others.unit))
    if wanted.answers:
        there = others.gradient(scores.T @ (factor * queries.unit))
        by_answers = right.gradient(missing * queries.unit) + there
    return loss, by_queries, by_answers


class _Turned:
    """Rows, turned and brought to unit length, with the way back for derivatives."""

    def __init__(self, rows: FloatMatrix, turn: WideMatrix) -> None:
        self._rows = rows
        turned = rows @ turn.astype(np.float32)
        self._lengths = np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), 1e-12)
        self.unit: FloatMatrix = turned / self._lengths

    def gradient(self, by_unit: FloatMatrix) -> WideMatrix:
        """The derivative by the turn, from that by the unit rows."""
        along = np.einsum("ij,ij->i", by_unit, self.unit)[:, None]
        by_turned = (by_unit - along * self.unit) / self._lengths
        gradient: WideMatrix = (self._rows.T @ by_turned).astype(np.float64)
        return gradient


class _Adam:
    """Kingma and Ba 2015, on one matrix, in place."""

    def __init__(self, matrix: WideMatrix) -> None:
        self._matrix, self._count = matrix, 0
        self._mean, self._square = np.zeros_like(matrix), np.zeros_like(matrix)

    def step(self, gradient: WideMatrix, rate: float) -> None:
        self._count += 1
        self._mean += (1 - _DECAY) * (gradient - self._mean)
        self._square += (1 - _SQUARED_DECAY) * (gradient**2 - self._square)
        mean = self._mean / (1 - _DECAY**self._count)
        square = self._square / (1 - _SQUARED_DECAY**self._count)
        self._matrix -= rate * mean / (np.sqrt(square) + _TINY)


def _batches(count: int, batch: int, steps: int) -> Iterator[Rows]:
    """Each pair once before any comes again, in an order that is the same each time."""
    draw = np.random.default_rng(0)
    parts: list[Rows] = []
    for _ in range(steps):
        if not parts:
            order = draw.permutation(count)
            parts = np.array_split(order, max(1, round(count / batch)))
        yield parts.pop()


def _turned(pairs: PairRows) -> PairRows:
    return PairRows(pairs.target, pairs.source)


def _right_answers(pairs: PairRows, batch: PairRows, drawn: Rows) -> tuple[Rows, Rows]:
    """Places in a batch's score matrix of all known translations of its words."""
    order = np.argsort(pairs.source, kind="stable")
    words, answers = pairs.source[order], pairs.target[order]
    first = np.searchsorted(words, batch.source, "left")
    count = np.searchsorted(words, batch.source, "right") - first
    rows = np.repeat(np.arange(len(count)), count)
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    answers = answers[np.repeat(first, count) + within]
    columns = np.minimum(np.searchsorted(drawn, answers), len(drawn) - 1)
    is_drawn = drawn[columns] == answers
    return rows[is_drawn], columns[is_drawn]
