"""What a method gets: the languages and pairs to learn from, and what it may use for that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from align.vecmap.induce.arrays import FloatMatrix
from align.vecmap.pairs import PairRows
from align.vecmap.presets import VecMapSettings
from align.vecmap.self_learning import Iteration, Keeper

Say = Callable[[str], None]


def silent(_: str) -> None:
    """Say nothing: what trial runs would report is of no interest."""


@dataclass(frozen=True, eq=False)
class Problem:
    """Everything that decides a result.

    Attributes:
        source: (N, D) rows of the source language, most frequent first.
        target: (M, D) rows of the target language.
        settings: of the VecMap family; the other methods share its normalisation and cutoff.
        pairs: first pairs; None for an unsupervised start.
        guessed: whether nobody vouches for them, as with words spelled alike.
        held_out: pairs that score the result and are never learned from; None where there are none.
        rounds: of adding mutual pairs (``bootstrap``, ``tuned``).
        seed: of the random draws.
        restarts: after failed unsupervised runs.
        accept_failure: return a failed run's result.
        agreement_runs: smaller runs with other draws that a self-learned result is compared with.
    """

    source: FloatMatrix
    target: FloatMatrix
    settings: VecMapSettings
    pairs: PairRows | None = None
    held_out: PairRows | None = None
    rounds: int = 4
    seed: int = 0
    restarts: int = 2
    accept_failure: bool = False
    agreement_runs: int = 0
    guessed: bool = False

    @property
    def matrices(self) -> tuple[FloatMatrix, FloatMatrix]:
        """Rows of both languages."""
        return self.source, self.target

    @property
    def width(self) -> int:
        """Dimensions of the vectors, the same in both languages."""
        width: int = self.target.shape[1]
        return width

    @property
    def cutoff(self) -> int:
        """Most frequent words per side that pairs may be added from."""
        return self.settings.cutoff or max(len(self.source), len(self.target))

    def to_learn_from(self) -> Problem:
        """The same without the held-out pairs, which no method may see."""
        return replace(self, held_out=None)


@dataclass(frozen=True, eq=False)
class Resources:
    """What decides nothing of a result but how it is reached.

    Attributes:
        device: where searches run: ``"cpu"`` or a torch device.
        threads: for searches on the CPU; None takes every core.
        say: told a line now and then.
        step: told of each further step of long work, whose number nobody knows beforehand; trial
            runs tell of theirs, too.
        report: called after each iteration of self-learning.
        keeper: of checkpoints; None keeps nothing.
    """

    device: str = "cpu"
    threads: int | None = None
    say: Say = silent
    step: Say = silent
    report: Callable[[Iteration], None] | None = None
    keeper: Keeper | None = None

    def silenced(self) -> Resources:
        """The same for a trial run, of which no result is told."""
        return replace(self, say=silent)
