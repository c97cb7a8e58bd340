"""Find matches among tens of thousands of words with one product of the two matrices per call.

The n x n similarities are computed tile by tile and never stored. Of each tile only entries are
kept that reach bounds learned from the call before (a few dozen per word); the means of the CSLS
correction, the objective and the matches of both directions all come from these. Every answer
carries a proof that no entry left out could change it; words without the proof are computed in
full. So the result does not depend on the bounds, only the time does.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from align.vecmap.induce import candidates
from align.vecmap.induce.arrays import FloatMatrix, FloatVector, Rows
from align.vecmap.induce.blas import one_blas_thread
from align.vecmap.induce.bounds import (
    Bounds,
    adapt_margin,
    sampled_line,
    sampled_top,
    wanted_bounds,
)
from align.vecmap.induce.coarse import CoarseProduct, has_fast_integers
from align.vecmap.induce.induction import Induction, Ranks, largest_of_rows, match_rows
from x2static.core.machine.cores import count_cores

Product = Literal["auto", "float32", "int8"]
_TILE_ROWS, _TILE_COLUMNS = 512, 2048
_REDO_SHARE = 0.1


class Entries(NamedTuple):
    """Kept entries of the similarity matrix."""

    rows: NDArray[np.int32]
    columns: NDArray[np.int32]
    values: FloatVector


class Groups(NamedTuple):
    """Entries sorted by one of their two indices: where each begins, the other index, the value."""

    begin: Rows
    others: NDArray[np.int32]
    values: FloatVector


class TiledInducer:
    """Matches by tiles; remembers bounds from call to call."""

    def __init__(self, csls: int, threads: int | None = None, product: Product = "auto") -> None:
        """Prepare.

        Args:
            csls: K of the correction; 0 means plain cosine.
            threads: how many; None means one for each core this process may use.
            product: ``"int8"`` finds what matters with 8-bit products and computes only that in
                float32; ``"auto"`` does so where the processor is built for it. Same answers.
        """
        self.csls = csls
        self.threads = threads or count_cores()
        self.is_coarse = product == "int8" or (product == "auto" and has_fast_integers())
        self._sides: tuple[Bounds, Bounds] | None = None
        self.sweeps = 0
        self.recomputed = 0

    def induce(self, source: FloatMatrix, target: FloatMatrix, ranks: Ranks) -> Induction:
        """The matches of the given ranks."""
        source, target = np.ascontiguousarray(source), np.ascontiguousarray(target)
        with one_blas_thread(), ThreadPoolExecutor(self.threads) as pool:
            if self._sides is None:
                self._sides = (Bounds(len(source)), Bounds(len(target)))
                sampled_top(self._sides[0], source, target, max(self.csls, 1))
                sampled_top(self._sides[1], target, source, max(self.csls, 1))
            sweep = _Sweep(self, pool, self._sides, source, target, ranks)
            for side, share in zip(self._sides, sweep.missing, strict=True):
                adapt_margin(side, share)
            if max(sweep.missing) > _REDO_SHARE:
                # The space has turned too far since the last call: new bounds, and once more.
                sampled_line(self._sides[0], source, target, self._sides[1].bias)
                sampled_line(self._sides[1], target, source, self._sides[0].bias)
                sweep = _Sweep(self, pool, self._sides, source, target, ranks)
            return sweep.finish()

    def state(self) -> dict[str, NDArray[np.float32]]:
        """The bounds, by name."""
        if self._sides is None:
            return {}
        named = zip(("source", "target"), self._sides, strict=True)
        return {f"{side}_{k}": v for side, bounds in named for k, v in vars(bounds).items()}

    def restore(self, state: dict[str, NDArray[np.float32]]) -> None:
        """Go on from the bounds of a `state`."""
        self._sides = (Bounds(0), Bounds(0)) if state else None
        for side, bounds in zip(("source", "target"), self._sides or (), strict=False):
            for name in list(vars(bounds)):
                setattr(bounds, name, np.array(state[f"{side}_{name}"]))


class _Sweep:
    """One pass over all tiles and what follows from the entries it kept."""

    def __init__(
        self,
        owner: TiledInducer,
        pool: ThreadPoolExecutor,
        sides: tuple[Bounds, Bounds],
        source: FloatMatrix,
        target: FloatMatrix,
        ranks: Ranks,
    ) -> None:
        self._owner, self._pool, self._sides = owner, pool, sides
        self._matrices = (source, target)
        self._ranks = (np.asarray(ranks.forward, np.int64), np.asarray(ranks.backward, np.int64))
        owner.sweeps += 1
        scores = [wanted_bounds(s, r) for s, r in zip(sides, self._ranks, strict=True)]
        rows, columns, values = _Collector(owner, sides, scores, source, target).collect(pool)
        jobs = [(rows, columns, values, len(source)), (columns, rows, values, len(target))]
        groups = [Groups(*found) for found in pool.map(lambda job: candidates.group_by(*job), jobs)]
        self._best, means = self._tops(groups)
        self._matches = self._choose(groups, means, scores)
        self.missing = [float((match < 0).mean()) for match in self._matches]

    def finish(self) -> Induction:
        """Compute in full what is not proven, and hand over."""
        for number in (0, 1):
            match = self._matches[number]
            open_rows = np.flatnonzero(match < 0)
            self._owner.recomputed += len(open_rows)
            match[open_rows] = match_rows(
                self._matrices[number][open_rows],
                self._matrices[1 - number],
                self._sides[1 - number].bias,
                self._ranks[number][open_rows],
            )
        forward, backward = (float(best.mean(dtype=np.float64)) for best in self._best)
        return Induction(self._matches[0], self._matches[1], forward, backward)

    def _tops(self, groups: list[Groups]) -> tuple[list[FloatVector], list[FloatVector]]:
        """Largest cosine and CSLS mean of every word of each side, all certain."""
        best, means = [], []
        for number, (side, (begin, _, values)) in enumerate(zip(self._sides, groups, strict=True)):
            size = len(begin) - 1
            queries, other = self._matrices[number], self._matrices[1 - number]
            count = min(max(self._owner.csls, 1), len(other))
            largest, mean, bounds = (np.empty(size, np.float32) for _ in range(3))
            arguments = (begin, values, side.top, count, count + 8, largest, mean, bounds)
            self._spread(candidates.summarize_top, arguments, size)
            unsure = np.flatnonzero(np.isnan(largest))
            self._owner.recomputed += len(unsure)
            if len(unsure):
                largest[unsure], mean[unsure] = largest_of_rows(queries[unsure], other, count)
            side.top = bounds
            best.append(largest)
            means.append(mean)
        return best, means

    def _choose(
        self, groups: list[Groups], means: list[FloatVector], scores: list[FloatVector]
    ) -> list[Rows]:
        """Matches of each side, -1 where the kept entries do not prove them."""
        half = np.float32(0.5 if self._owner.csls else 0)
        biases = [mean * half for mean in means]
        matches = []
        for number, (begin, others, values) in enumerate(groups):
            side, other = self._sides[number], self._sides[1 - number]
            penalty = biases[1 - number]
            drift = np.float32((other.bias - penalty).max() + 1e-6)
            chosen = np.empty(len(begin) - 1, np.int64)
            arguments = (
                begin, others, values, penalty, self._ranks[number], scores[number], drift,
                side.level, side.slope, chosen,
            )  # fmt: skip
            self._spread(candidates.choose_ranked, arguments, len(chosen))
            matches.append(chosen)
        for side, bias in zip(self._sides, biases, strict=True):
            side.bias = bias
        return matches

    def _spread(self, loop: Callable[..., None], arguments: tuple[object, ...], size: int) -> None:
        """Run a compiled loop over all keys, a part of them in each thread."""
        edges = np.linspace(0, size, self._owner.threads + 1).astype(int).tolist()
        list(self._pool.map(lambda part: loop(*arguments, *part), pairwise(edges)))


class _Collector:
    """Goes over all tiles and keeps the entries that reach a bound."""

    def __init__(
        self,
        owner: TiledInducer,
        sides: tuple[Bounds, Bounds],
        scores: list[FloatVector],
        source: FloatMatrix,
        target: FloatMatrix,
    ) -> None:
        self._threads = owner.threads
        self._source, self._target = source, target
        self._coarse = CoarseProduct(source, target) if owner.is_coarse else None
        own, other = sides
        self._bounds = (own.top, scores[0], own.bias, other.top, scores[1], other.bias)
        self._starts = range(0, len(source), _TILE_ROWS)
        self._parts: list[list[Entries]] = [[] for _ in self._starts]

    def collect(self, pool: ThreadPoolExecutor) -> Entries:
        """All kept entries, in an order that does not depend on the threads."""
        list(pool.map(self._work, range(self._threads)))
        flat = [part for strip in self._parts for part in strip]
        return Entries(*(np.concatenate(parts) for parts in zip(*flat, strict=True)))

    def _work(self, thread: int) -> None:
        memory = np.empty((_TILE_ROWS, _TILE_COLUMNS), np.float32)
        room = _room(1 << 16)
        if self._coarse:
            self._coarse.prepare_thread()
        for number in range(thread, len(self._starts), self._threads):
            for at in range(0, len(self._target), _TILE_COLUMNS):
                end = -1
                scan = self._tile(self._starts[number], at, memory)
                while (end := scan(room)) > len(room.rows):
                    room = _room(2 * end)
                self._parts[number].append(Entries(*(array[:end].copy() for array in room)))

    def _tile(self, row: int, column: int, memory: FloatMatrix) -> Callable[[Entries], int]:
        """Multiply one tile; the answer scans it into a given room and returns the count."""
        rows = slice(row, row + _TILE_ROWS)
        columns = slice(column, column + _TILE_COLUMNS)
        if self._coarse:
            numbers = self._coarse.tile(rows, columns)
            coarse = self._coarse
            errors = (coarse.row_scale, coarse.row_error, coarse.column_scale, coarse.column_error)
            return lambda room: candidates.keep_coarse_entries(
                numbers, self._source, self._target, *errors, row, column, *self._bounds, *room
            )
        left, right = self._source[rows], self._target[columns]
        tile = memory[: len(left), : len(right)]
        np.matmul(left, right.T, out=tile)
        return lambda room: candidates.keep_entries(tile, row, column, *self._bounds, *room)


def _room(size: int) -> Entries:
    return Entries(np.empty(size, np.int32), np.empty(size, np.int32), np.empty(size, np.float32))
