"""Words that must be in the output, whether the corpus has them or not (``--words FILE``).

The teacher reads such a word alone. Where a word lies that it read alone and where the word's
learned vector lies are two places; a ridge map from the one to the other is learned on words that
have both, its strength chosen on a tenth of them that it has not seen. What a ridge map makes lies
too near the mean; it is stretched to the spread of the learned vectors. Words that have a vector
of their own keep it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from x2static.core.errors import ConfigError, CorpusError
from x2static.core.formats.words import word_fault
from x2static.core.normalize import unit
from x2static.core.text.lines import numbered_lines
from x2static.core.vectors import WordVectors
from x2static.distill.config import DistillConfig
from x2static.distill.learning.learners import mean_learner
from x2static.distill.learning.materials import Ingredients, lone_planner
from x2static.distill.learning.workshop import Workshop

Matrix = NDArray[np.float32]
_MOST_TEACHERS = 20_000
_FEWEST_TEACHERS = 50
_RIDGES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
_HELD_OUT = 10


@dataclass(frozen=True)
class Wanted:
    """Words asked for.

    Attributes:
        words: each once, in the file's order.
        dropped: why others were not taken, with counts.
    """

    words: tuple[str, ...]
    dropped: dict[str, int]


def read_wanted(config: DistillConfig) -> Wanted | None:
    """The words of ``--words``, in the case of the vocabulary; None where none are asked for."""
    if config.words is None:
        return None
    words: dict[str, None] = {}
    dropped: Counter[str] = Counter()
    for number, line in numbered_lines(config.words, CorpusError):
        parts = line.split()
        if len(parts) != 1:  # white space beyond ASCII's can be all that a line has
            dropped["phrase"] += len(parts) > 1
            continue
        word = parts[0] if config.case == "keep" else parts[0].lower()
        if fault := word_fault(word):
            raise CorpusError(f"{config.words}:{number}: {fault}, which no vector file may hold")
        dropped["duplicate"] += word in words
        words[word] = None
    if not words:
        raise CorpusError(f"{config.words}: no word there; expected one a line")
    return Wanted(tuple(words), {why: count for why, count in dropped.items() if count})


@dataclass(frozen=True)
class Composed:
    """What became of the words asked for, for the run record.

    Attributes:
        known: that have vectors of their own.
        composed: that got one from the teacher's reading of them alone.
        unreadable: of which the tokenizer makes nothing.
        held_out_cosine: of vectors made that way with the learned ones, on words held out.
        dropped: lines that are no word, or a repeated one.
    """

    known: int
    composed: int
    unreadable: int
    held_out_cosine: float
    dropped: dict[str, int]

    def __str__(self) -> str:
        lost = f"; {self.unreadable:,} have no piece in the teacher" if self.unreadable else ""
        return (
            f"words asked for: {self.known:,} have vectors of their own, {self.composed:,} are "
            f"composed (cosine {self.held_out_cosine:.2f} to learned vectors, on words held "
            f"out){lost}"
        )


def with_wanted(
    config: DistillConfig,
    materials: Ingredients,
    shop: Workshop,
    vectors: WordVectors,
    wanted: Wanted,
) -> tuple[WordVectors, Composed]:
    """The vectors, and behind them the wanted words that had none; their count is 0."""
    missing = [word for word in wanted.words if word not in vectors]
    teachers = _teachers(vectors)
    if missing and len(teachers) < _FEWEST_TEACHERS:
        raise ConfigError(
            f"--words: {len(teachers)} words have learned vectors, too few to learn where others "
            f"lie (at least {_FEWEST_TEACHERS})"
        )
    if not missing:
        return vectors, Composed(len(wanted.words), 0, 0, 1.0, wanted.dropped)
    states = _states(config, materials, shop, [vectors.words[row] for row in teachers], missing)
    told = states[: len(teachers)].any(axis=1)
    mapping, cosine = _fitted(states[: len(teachers)][told], vectors.matrix[teachers[told]])
    read = states[len(teachers) :]
    is_read = read.any(axis=1)
    rows = mapping.apply(read[is_read])
    words = [missing[row] for row in np.flatnonzero(is_read)]
    counts = vectors.counts
    if counts is not None:
        counts = np.concatenate([counts, np.zeros(len(words), counts.dtype)])
    whole = WordVectors([*vectors.words, *words], np.concatenate([vectors.matrix, rows]), counts)
    known = len(wanted.words) - len(missing)
    return whole, Composed(
        known, len(words), len(missing) - len(words), cosine, dict(wanted.dropped)
    )


def _teachers(vectors: WordVectors) -> NDArray[np.int64]:
    """Rows of words to learn from, evenly spread over the frequencies."""
    count = min(len(vectors), _MOST_TEACHERS)
    return np.unique(np.linspace(0, len(vectors) - 1, count).astype(np.int64))


def _states(
    config: DistillConfig,
    materials: Ingredients,
    shop: Workshop,
    known: list[str],
    missing: list[str],
) -> Matrix:
    """(W, D) the teacher's states of words alone; zeros for one that it cannot read."""
    words = [*known, *missing]
    planner = lone_planner(config, materials.teacher, words)
    make = mean_learner(materials.teacher, len(words))
    return shop.learn("wanted", planner, None, 1, shop.live_reader(), make).finish()


@dataclass(frozen=True)
class _Mapping:
    """From the teacher's states of words alone to where learned vectors lie."""

    state_mean: Matrix
    vector_mean: Matrix
    matrix: Matrix
    stretch: float

    def apply(self, states: Matrix) -> Matrix:
        """(W, D) rows among the vectors."""
        moved = (unit(states) - self.state_mean) @ self.matrix
        rows: Matrix = (self.vector_mean + np.float32(self.stretch) * moved).astype(np.float32)
        return rows


def _fitted(states: Matrix, vectors: Matrix) -> tuple[_Mapping, float]:
    """The map of the best strength, learned from all; and the cosine on words held out."""
    held = np.arange(len(states)) % _HELD_OUT == _HELD_OUT - 1
    scores = []
    for ridge in _RIDGES:
        found = _solved(states[~held], vectors[~held], ridge).apply(states[held])
        mean = vectors[~held].mean(axis=0)
        cosines = np.einsum("ij,ij->i", unit(found - mean), unit(vectors[held] - mean))
        scores.append(float(cosines.mean()))
    best = int(np.argmax(scores))
    return _solved(states, vectors, _RIDGES[best]), scores[best]


def _solved(states: Matrix, vectors: Matrix, ridge: float) -> _Mapping:
    x, z = unit(states).astype(np.float64), vectors.astype(np.float64)
    state_mean, vector_mean = x.mean(axis=0), z.mean(axis=0)
    x, z = x - state_mean, z - vector_mean
    gram = x.T @ x
    weight = ridge * np.trace(gram) / len(gram)
    matrix = np.linalg.solve(gram + weight * np.eye(len(gram)), x.T @ z)
    made = np.linalg.norm(x @ matrix, axis=1).mean()
    stretch = float(np.linalg.norm(z, axis=1).mean() / max(float(made), 1e-12))
    return _Mapping(
        state_mean.astype(np.float32),
        vector_mean.astype(np.float32),
        matrix.astype(np.float32),
        stretch,
    )


def words_path(config: DistillConfig) -> list[Path]:
    """The file, if there is one, as an input of the run."""
    return [] if config.words is None else [config.words]
