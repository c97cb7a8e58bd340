"""The course of a run through the corpus: plan, read, learn, checkpoint, show."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from x2static.core.errors import Interrupted
from x2static.core.machine.interrupts import StopSignals
from x2static.core.progress import Progress
from x2static.core.storage.checkpoint import CheckpointFolder
from x2static.core.storage.save_clock import SaveClock
from x2static.distill.learning.learners import Learner
from x2static.distill.readings.plan import Pool, PoolPlanner
from x2static.distill.readings.readings import Readings, read_pool
from x2static.distill.readings.store import ReadingStore
from x2static.teacher import Teacher

MOST_EPOCHS = 100  # where the learner decides when it is done
_SAMPLE_SECONDS = 180.0
Reader = Callable[[Pool, bool], Readings]


@dataclass
class LiveReader:
    """Reads pools with the teacher; on a full GPU it halves its batches and goes on."""

    teacher: Teacher
    token_budget: int
    say: Callable[[str], None] = print

    def __call__(self, pool: Pool, with_own: bool) -> Readings:
        """The readings of a pool."""
        import torch

        while True:
            try:
                return read_pool(self.teacher, pool, self.token_budget, with_own=with_own)
            except torch.OutOfMemoryError:
                if self.token_budget <= self.teacher.max_pieces:
                    raise
            torch.cuda.empty_cache()
            self.token_budget //= 2
            self.say(f"out of GPU memory: continuing with {self.token_budget:,} pieces in a batch")


@dataclass
class CourseCounts:
    """What went through a run."""

    tokens: int = 0
    targets: int = 0
    cut_words: int = 0

    def add(self, pool: Pool) -> None:
        """Count a pool."""
        self.tokens += pool.num_tokens
        self.targets += len(pool.words)
        self.cut_words += pool.num_cut


@dataclass
class Course:
    """Everything a pass over the corpus needs.

    Attributes:
        label: what the progress line calls it.
        planner: cuts the corpus into pools.
        keep: (V,) chance of an occurrence to be a target, or None for all.
        epochs: passes; 0: until the learner is done, `MOST_EPOCHS` at most.
        checkpoints: where the state goes.
        checkpoint_seconds: how often, at least ten times what saving costs.
        resume_hint: how the user goes on after an interruption.
        sample: makes a line to show now and then, from the learner.
    """

    label: str
    planner: PoolPlanner
    keep: NDArray[np.float64] | None
    epochs: int
    checkpoints: CheckpointFolder
    checkpoint_seconds: float
    resume_hint: str
    sample: Callable[[Learner], str]
    counts: CourseCounts = field(default_factory=CourseCounts)

    def run(self, learner: Learner, read: Reader, done: int, *, save_end: bool) -> None:
        """Learn from every pool of every epoch, ``done`` of them excepted."""
        pools = self.planner.num_pools
        total = (self.epochs or MOST_EPOCHS) * pools
        clock, saves = _Clock(), SaveClock(self.checkpoint_seconds)
        with StopSignals() as stop, self._progress(done) as bar:
            if isinstance(read, LiveReader):
                read.say = bar.say
            try:
                for number, pool in () if learner.is_done else self._planned(done, total):
                    readings = read(pool, learner.needs_own)
                    with stop.whole_step():
                        rng = self._rng(number)
                        loss = learner.learn(pool, readings, rng)
                        self.counts.add(pool)
                        done = number + 1
                        note = learner.end_epoch() if done % pools == 0 else None
                    rate = f"{pool.num_tokens / clock.lap():,.0f} tokens/s"
                    bar.advance(
                        len(pool.sentences), rate + ("" if loss is None else f", loss {loss:.4f}")
                    )
                    if note:
                        bar.say(note)
                    if clock.is_sample_due():
                        bar.say(self.sample(learner))
                    is_over = done == total or learner.is_done
                    if save_end if is_over else saves.is_due():
                        with stop.whole_step(), saves.saving():
                            self._save(done, learner)
                    if is_over:
                        break
            except KeyboardInterrupt:
                self._save(done, learner)
                raise Interrupted(self.resume_hint) from None

    def _progress(self, done: int) -> Progress:
        sentences = self.planner.corpus.num_sentences
        epochs, pools = divmod(done, self.planner.num_pools)
        read = epochs * sentences + min(pools * self.planner.pool_sentences, sentences)
        total = self.epochs * sentences or None
        return Progress(self.label, total, "sentences", done=read)

    def _planned(self, first: int, total: int) -> Iterator[tuple[int, Pool]]:
        """Pools in order, the next one planned on a second thread while this one is used."""
        with ThreadPoolExecutor(1) as executor:
            upcoming = executor.submit(self._plan, first) if first < total else None
            for number in range(first, total):
                if upcoming is None:
                    return
                pool = upcoming.result()
                upcoming = executor.submit(self._plan, number + 1) if number + 1 < total else None
                yield number, pool

    def _plan(self, number: int) -> Pool:
        epoch, pool = divmod(number, self.planner.num_pools)
        return self.planner.plan(self.planner.shuffled(epoch, pool), self.keep, (epoch, pool))

    def _rng(self, number: int) -> np.random.Generator:
        return np.random.default_rng([self.planner.seed, number, 2])

    def _save(self, done: int, learner: Learner) -> None:
        position = {"pools": done, "counts": vars(self.counts)}
        self.checkpoints.save(position, learner.state())


def fill_store(
    store: ReadingStore,
    planner: PoolPlanner,
    reader: LiveReader,
    *,
    with_own: bool,
    resume_hint: str,
) -> None:
    """Read the whole corpus once, in its order, into the store; goes on where it stopped."""
    total, size = planner.corpus.num_sentences, planner.pool_sentences
    label = "reading"
    with StopSignals() as stop, Progress(label, total, "sentences", done=store.done * size) as bar:
        reader.say = bar.say
        try:
            while store.done < planner.num_pools:
                pool = planner.plan(planner.in_order(store.done), keep=None)
                readings = reader(pool, with_own)
                with stop.whole_step():
                    store.append(pool, readings)
                bar.advance(len(pool.sentences))
        except KeyboardInterrupt:
            raise Interrupted(resume_hint) from None


class _Clock:
    """How long a pool took, and when the next sample is due."""

    def __init__(self) -> None:
        self._sampled = self._lap = time.monotonic()

    def lap(self) -> float:
        """Seconds since the last call."""
        now = time.monotonic()
        seconds, self._lap = now - self._lap, now
        return max(seconds, 1e-9)

    def is_sample_due(self) -> bool:
        """True every few minutes."""
        if time.monotonic() - self._sampled < _SAMPLE_SECONDS:
            return False
        self._sampled = time.monotonic()
        return True
