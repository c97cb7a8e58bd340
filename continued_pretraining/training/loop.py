"""The course of a run: update, show, validate, keep the best, save, stop."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

import torch

from continued_pretraining.config import PretrainConfig
from continued_pretraining.divergence import diverged
from continued_pretraining.objectives.objective import Objective
from continued_pretraining.processes import Processes
from continued_pretraining.training.checkpoint import RunState
from continued_pretraining.training.curve import CurveFile
from continued_pretraining.training.optimizer import rate_at, set_rate
from continued_pretraining.training.priming import prime
from continued_pretraining.training.speed import Speedometer
from continued_pretraining.training.update import Measures, Updater
from continued_pretraining.training.validation import Validation, Validator
from x2static.core.errors import ConfigError
from x2static.core.machine.interrupts import StopRequest
from x2static.core.progress import Progress
from x2static.core.storage.save_clock import SaveClock

Found = TypeVar("Found")


@dataclass
class Position:
    """How far a run has come.

    Attributes:
        step: updates done.
        best: step, score, figures and weights' checksum of the best validation; empty before the
            first.
        first: figures of the first validation.
        seconds: spent training, all parts of the run together.
        pieces: pieces of text seen, by all processes.
    """

    step: int = 0
    best: dict[str, Any] = field(default_factory=dict)
    first: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    pieces: int = 0


@dataclass
class Loop:
    """Runs updates until they are done or a signal comes.

    Attributes:
        config: the settings.
        updater: does one update.
        validator: measures.
        state: saves and restores.
        processes: those that train together.
        curve: takes the figures; only in the first process.
        speed: turns measures into rates.
        position: where the run stands.
        choose: which checkpoint wins; the last where too little is held back for another choice.
    """

    config: PretrainConfig
    updater: Updater
    validator: Validator
    state: RunState
    processes: Processes
    curve: CurveFile
    speed: Speedometer
    position: Position
    choose: str

    def run(self) -> int | None:
        """Do all updates that are left; the number of the signal that stopped it, or None."""
        clock = SaveClock(60 * self.config.checkpoint_minutes)
        waiting: Measures | None = None
        with StopRequest() as stop, self._progress() as bar:
            self.state.say = bar.say
            self.speed.start()
            if self.position.step == 0:
                self._prime(bar.say)
                self._validate(bar.say)
            while self.position.step < self.config.steps:
                measures = self._update(bar.say)
                waiting = measures if waiting is None else self._joined(waiting, measures)
                step = self.position.step
                if step % self.config.log_every == 0 or step == self.config.steps:
                    bar.advance(waiting.updates, self._log(waiting))
                    waiting = None
                if self._is_validation_due(step):
                    self._validate(bar.say)
                is_stopped = self.processes.any(stop.signal is not None)
                if is_stopped or step == self.config.steps or self.processes.any(clock.is_due()):
                    with clock.saving(), self.speed.paused():
                        self._save()
                if is_stopped:
                    return stop.signal or 0
        return None

    def _prime(self, say: Callable[[str], None]) -> None:
        level = self.config.weight_scale == "gradient"
        self.updater.reader.model.hugging_face.train()
        with self.speed.paused():
            self._with_memory(lambda: prime(self.updater, self.config.steps, level=level), say)
        for objective in self.updater.objectives.whole:
            for line in objective.opening():
                say(line)

    def _update(self, say: Callable[[str], None]) -> Measures:
        step = self.position.step
        share = rate_at(step, self.config.steps, self.config.warmup, self.config.decay)
        set_rate(self.updater.optimizer, self.config.learning_rate * share)
        self.updater.reader.model.hugging_face.train()
        began = time.perf_counter()
        measures = self._with_memory(lambda: self.updater.run(step), say)
        self.position.seconds += time.perf_counter() - began
        self.position.step += 1
        self.position.pieces += measures.all_pieces
        return measures

    def _with_memory(self, work: Callable[[], Found], say: Callable[[str], None]) -> Found:
        """What ``work`` finds; one process on a full GPU halves what it holds and tries again."""
        reader, block = self.updater.reader, self.config.block
        while True:
            try:
                return work()
            except torch.OutOfMemoryError as error:
                if self.processes.size > 1:
                    raise ConfigError(
                        f"out of GPU memory with {reader.budget:,} pieces at once, and several "
                        "processes do not back off by themselves; give fewer as --micro-tokens, or "
                        "a smaller --block"
                    ) from error
                if not self.updater.shrink(block):
                    raise ConfigError(
                        f"out of GPU memory with {reader.budget:,} pieces at once, which is as few "
                        f"as --block {block} allows; give a smaller --block and --micro-tokens, or "
                        "a smaller model"
                    ) from error
            torch.cuda.empty_cache()
            say(f"out of GPU memory: continuing with {reader.budget:,} pieces at once")

    @staticmethod
    def _joined(waiting: Measures, measures: Measures) -> Measures:
        waiting.add(measures)
        return waiting

    def _log(self, measures: Measures) -> str:
        """Read the figures back, check and write them; the note for the progress line."""
        step, updates = self.position.step, measures.updates
        objectives = self.updater.objectives
        figures: dict[str, Any] = {one.name: self._mean(one, measures) for one in objectives.text}
        for objective in objectives.whole:
            loss = float(measures.whole[objective.name]) / updates
            figures |= objective.figures(loss, is_first=self.processes.is_first)
        figures["gradient_norm"] = float(measures.norm) / updates
        if not all(math.isfinite(value) for value in figures.values()):
            shown = ", ".join(f"{name} {value}" for name, value in figures.items())
            raise diverged(f"update {step}: {shown}")
        figures["learning_rate"] = self.updater.optimizer.param_groups[0]["lr"]
        figures |= self.speed.rates(measures)
        if self.processes.is_first:
            self.curve.add(step, figures)
        notes = [f"{one.label} {figures[one.name]:.3f}" for one in objectives.text]
        notes += [one.note(figures) for one in objectives.whole]
        notes += [f"{figures['pieces_per_second']:,.0f} tokens/s"]
        return ", ".join([*notes, f"{figures['utilisation']:.0%} MFU"])

    def _mean(self, objective: Objective, measures: Measures) -> float:
        """The mean loss of an objective on text, over all processes."""
        own = [float(measures.sums[objective.name]), measures.counts[objective.name]]
        sums = torch.tensor(own, dtype=torch.float64).to(self.processes.device, torch.float32)
        total, count = self.processes.sum(sums).tolist()
        return float(total) / max(1.0, float(count))

    def _is_validation_due(self, step: int) -> bool:
        every = self.config.validate_every
        return step == self.config.steps or bool(every and step % every == 0)

    def _validate(self, say: Callable[[str], None]) -> None:
        with self.speed.paused():
            self._judge(self._with_memory(self.validator.measure, say), say)

    def _judge(self, verdict: Validation, say: Callable[[str], None]) -> None:
        """Show and write a verdict; keep the weights if they are the best so far."""
        step = self.position.step
        if self.processes.is_first:
            if line := verdict.line():
                say(f"validation after {step:,} updates: {line}")
            self.curve.add(step, {"validation": verdict.as_dict()})
        if not self.position.first:
            self.position.first = verdict.as_dict()
        if self.choose == "last" or step == 0:
            return
        objectives = self.updater.objectives
        main = objectives.text[0].name if objectives.text else ""
        first = self.position.first.get(main)
        score = verdict.score(self.choose, objectives.weights(), first)
        if not self.position.best or score > self.position.best["score"]:
            self.position.best = {"step": step, "score": score, "validation": verdict.as_dict()}
            if self.processes.is_first:
                self.position.best["checksum"] = self.state.save_best(step)

    def _save(self) -> None:
        if self.processes.is_first:
            self.state.save(asdict(self.position))
        self.processes.wait()

    def _progress(self) -> Progress | Silence:
        if not self.processes.is_first:
            return Silence()
        done = self.position.step
        return Progress("pre-training", self.config.steps, "updates", done=done)


class Silence:
    """What the processes show that do not speak for all."""

    def __enter__(self) -> Silence:
        return self

    def __exit__(self, *_error: object) -> None:
        """Show nothing."""

    def advance(self, units: int, note: str = "") -> None:
        """Show nothing."""

    def say(self, text: str) -> None:
        """Say nothing."""
