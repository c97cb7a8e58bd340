"""Rotate, look for translations, learn from them, again: until the objective no longer rises."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from align.vecmap.induce.arrays import FloatMatrix, WideMatrix
from align.vecmap.induce.blas import one_blas_thread
from align.vecmap.induce.induction import Inducer, draw_ranks
from align.vecmap.linear import cross_products, rotation_from
from align.vecmap.pairs import PairRows, objective_of, pairs_of
from align.vecmap.presets import VecMapSettings

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Iteration:
    """What one turn of the loop showed.

    Attributes:
        number: from 1.
        keep: chance that a similarity survived the draw.
        objective: mean largest cosine.
        seconds: how long it took.
    """

    number: int
    keep: float
    objective: float
    seconds: float


@dataclass
class LearningState:
    """Where the loop stands; all of it goes into a checkpoint.

    Attributes:
        pairs: what the next rotation is learned from.
        keep: present chance that a similarity survives.
        iteration: number of the next iteration.
        best: largest objective so far, as judged.
        improved_at: iteration of that objective, or start of the phase.
        level: smoothed objective.
        is_done: True once the stopping rule has held.
        history: one entry per iteration.
    """

    pairs: PairRows
    keep: float
    iteration: int = 1
    best: float = -100.0
    improved_at: int = 0
    level: float = float("nan")
    is_done: bool = False
    history: list[Iteration] = field(default_factory=list)

    def advance(self, settings: VecMapSettings) -> None:
        """Before an iteration: end the phase, or all, when the objective has rested."""
        if self.iteration - self.improved_at <= settings.patience:
            return
        if self.keep >= 1:
            self.is_done = True
        self.keep = min(1.0, settings.keep_multiplier * self.keep)
        self.improved_at = self.iteration

    def judge(self, objective: float, settings: VecMapSettings) -> None:
        """After an iteration: note whether the objective improved."""
        past = settings.smoothing
        if past and self.level == self.level:
            objective = past * self.level + (1 - past) * objective
        self.level = objective
        if objective - self.best >= settings.threshold:
            self.best, self.improved_at = objective, self.iteration
        self.iteration += 1

    def arrays(self) -> Arrays:
        """As arrays, for a checkpoint."""
        numbers = [self.keep, self.iteration, self.best, self.improved_at, self.level]
        turns = [[t.number, t.keep, t.objective, t.seconds] for t in self.history]
        return {
            "pairs": np.stack([np.asarray(rows, np.int64) for rows in self.pairs]),
            "numbers": np.array([*numbers, self.is_done], np.float64),
            "history": np.array(turns, np.float64).reshape(-1, 4),
        }

    @classmethod
    def of(cls, arrays: Arrays) -> LearningState:
        """From the arrays of a checkpoint."""
        keep, iteration, best, improved_at, level, is_done = arrays["numbers"].tolist()
        history = [Iteration(int(n), p, o, s) for n, p, o, s in arrays["history"].tolist()]
        pairs = PairRows(*np.array(arrays["pairs"]))
        numbers = (int(iteration), best, int(improved_at), level, bool(is_done), history)
        return cls(pairs, keep, *numbers)


class Keeper(Protocol):
    """Keeps the state of a long run, so that a killed one can go on."""

    def load(self) -> Arrays | None:
        """The state kept last, or None."""
        ...

    def offer(self, arrays: Callable[[], Arrays]) -> None:
        """Save a state if the last one is old enough."""
        ...


def learn(
    source: FloatMatrix,
    target: FloatMatrix,
    first_rotation: WideMatrix,
    settings: VecMapSettings,
    inducer: Inducer,
    seed: tuple[int, int],
    keeper: Keeper | None = None,
    report: Callable[[Iteration], None] | None = None,
) -> LearningState:
    """Run the loop; the pairs of the returned state are the last ones induced.

    Args:
        source: (N, D) normalised rows up to the cutoff.
        target: (M, D) the same of the other language.
        first_rotation: the rotation learned from the first pairs.
        settings: schedule and direction.
        inducer: finds the matches.
        seed: the user's seed and the number of the attempt; with the iteration they decide a draw.
        keeper: loads and saves checkpoints; None keeps nothing.
        report: called after each iteration.
    """
    empty = PairRows(np.zeros(0, np.int64), np.zeros(0, np.int64))
    state = LearningState(empty, settings.keep_initial)
    kept = keeper.load() if keeper else None
    if kept is not None and int(kept["attempt"]) == seed[-1]:
        inducer.restore(
            {name[8:]: array for name, array in kept.items() if name.startswith("inducer.")}
        )
        state = LearningState.of(kept)
    with one_blas_thread():
        _run(source, target, first_rotation, settings, inducer, seed, state, keeper, report)
    return state


def _run(
    source: FloatMatrix,
    target: FloatMatrix,
    first_rotation: WideMatrix,
    settings: VecMapSettings,
    inducer: Inducer,
    seed: tuple[int, int],
    state: LearningState,
    keeper: Keeper | None,
    report: Callable[[Iteration], None] | None,
) -> None:
    """Take the state through all iterations that are left."""
    while True:
        began = time.perf_counter()
        state.advance(settings)
        if state.is_done:
            return
        rotation = (
            first_rotation if state.iteration == 1 else _rotation(source, target, state.pairs)
        )
        turned = source @ rotation.astype(np.float32)
        rng = np.random.default_rng([*seed, state.iteration])
        ranks = draw_ranks(rng, state.keep, len(source), len(target))
        found = inducer.induce(turned, target, ranks)
        objective = objective_of(found, settings.direction)
        state.pairs = pairs_of(found, settings.direction)
        turn = Iteration(state.iteration, state.keep, objective, time.perf_counter() - began)
        state.history.append(turn)
        state.judge(objective, settings)
        if keeper:
            keeper.offer(lambda: _whole_state(state, inducer, seed[-1]))
        if report:
            report(turn)


def _rotation(source: FloatMatrix, target: FloatMatrix, pairs: PairRows) -> WideMatrix:
    return rotation_from(cross_products(source[pairs.source], target[pairs.target]))


def _whole_state(state: LearningState, inducer: Inducer, attempt: int) -> Arrays:
    bounds = {f"inducer.{name}": array for name, array in inducer.state().items()}
    return {**state.arrays(), **bounds, "attempt": np.array(attempt)}
