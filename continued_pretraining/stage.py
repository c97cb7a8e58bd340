"""``x2static pretrain``: a model, text and aligned vectors in, a Hugging Face folder out."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from continued_pretraining.config import PretrainConfig
from continued_pretraining.foresight import foresee, script_notes
from continued_pretraining.identity import run_identity
from continued_pretraining.leftovers import nothing_left_behind
from continued_pretraining.processes import Processes
from continued_pretraining.text.replay import with_replay
from continued_pretraining.training.checkpoint import Memory, RunState
from continued_pretraining.training.curve import CURVE_NAME, CurveFile
from continued_pretraining.training.loop import Loop, Position
from continued_pretraining.training.materials import PREPARED_NAME, Materials, gather
from continued_pretraining.training.optimizer import make_optimizer
from continued_pretraining.training.peak import peak_flops
from continued_pretraining.training.speed import Flops, Speedometer
from continued_pretraining.training.suspects import write_suspects
from continued_pretraining.training.update import Updater, trained_parameters
from x2static.core.errors import ConfigError, Interrupted
from x2static.core.outcome import Outcome
from x2static.core.progress import format_seconds
from x2static.core.storage.resumable import Resumable
from x2static.core.storage.run_record import RunRecord
from x2static.core.text.pair_sources import PairSource, find_pair_sources
from x2static.core.text.sources import find_sources
from x2static.teacher.loading.model_folder import save_model

_TRACKERS = "trackers"


def pretrain(config: PretrainConfig) -> Outcome:
    """Train and write the model with its tokenizer, curve and run record."""
    replay = find_sources(config.replay, "--replay")
    text = with_replay(find_sources(config.text, "--text"), replay)
    vectors = find_sources(config.vectors, "--vectors")
    pairs = find_pair_sources(config.bitext, "--bitext")
    starts = find_sources(config.embeddings_from, "--embeddings-from")
    inputs = [p for files in (text, vectors, starts) for paths in files.values() for p in paths]
    inputs += dict.fromkeys(one.path for source in pairs for one in source.texts.values())
    place = claimed(config, inputs)
    work = place.work.path
    processes = Processes(config.device, config.log_to, str(work / _TRACKERS))
    refuse_idle(config, processes.size)
    record = RunRecord("pretrain", config, [*inputs, *config.validation_pairs])
    run = Run(config, text, vectors, pairs, processes, record, place)
    if not processes.is_first:  # the first one looks at the folders for all
        return Outcome("", {}) if processes.any(False) else run.train(work)
    identity = run_identity(config, record)
    if (past := place.finished(identity)) is not None:
        processes.any(True)
        return Outcome(f"{config.output}: done before, nothing to do", past)
    record.notes["identity"] = identity
    lines = [] if place.work.has_run else foresee(config, text, vectors)
    with place.entered(keep=(PREPARED_NAME,)) as folder:  # texts are named after their contents
        if not place.is_fresh:
            folder.claim(identity)
        processes.any(False)
        with nothing_left_behind(work):
            outcome = run.train(work, lambda: folder.claim(identity), lines)
        if not outcome.data.get("stopped"):
            folder.clear()
    return outcome


@dataclass
class Run:
    """A run from its settings to its output.

    Attributes:
        config: the settings.
        text: files of each language.
        vectors: vector files of each language.
        pairs: where sentence pairs lie.
        processes: those that train together.
        record: what the run notes about itself.
        place: where the model may be written, and the hint where a stopped run is kept.
    """

    config: PretrainConfig
    text: dict[str, list[Path]]
    vectors: dict[str, list[Path]]
    pairs: list[PairSource]
    processes: Processes
    record: RunRecord
    place: Resumable

    def train(
        self, work: Path, claim: Callable[[], None] = lambda: None, lines: Sequence[str] = ()
    ) -> Outcome:
        """Train in a work folder; the first process writes the output.

        Args:
            work: where the unfinished run lies.
            claim: binds the folder to this run; called when nothing is left that settings or data
                could make fail, so that a mistake once mended needs no --overwrite.
            lines: what there is to say beside what `gather` finds.
        """
        processes = self.processes
        materials = gather(
            self.config, self.text, self.vectors, processes, work, self.record, self.pairs
        )
        if processes.is_first:
            claim()
            materials.lines += lines
            materials.announce()
        loop = self._loop(materials, work)
        try:
            stopped = loop.run()
        finally:
            processes.finish_trackers()
        if stopped is not None:
            return self._stopped(stopped, loop)
        if processes.is_first:
            best = loop.position.best
            if best and not loop.state.load_best(best):
                best.clear()
            self._write(materials, loop, work)
        processes.wait()
        return self._outcome(loop)

    def _loop(self, materials: Materials, work: Path) -> Loop:
        config, processes = self.config, self.processes
        model, objectives = materials.model, materials.objectives
        named = trained_parameters(objectives, model.hugging_face)
        optimizer = make_optimizer(named, config.learning_rate, config.betas, config.weight_decay)
        memories: list[Memory] = [*objectives.whole]
        memories += [materials.robust] if materials.robust else []
        state = RunState(work, named, optimizer, memories, materials.say)
        updater = Updater(
            materials.reader, objectives, materials.planners, optimizer, processes, config.clip,
            config.seed, materials.held, materials.robust,
        )  # fmt: skip
        position = self._restored(state, materials)
        curve = CurveFile(work, processes.accelerator if config.log_to else None)
        if processes.is_first:
            curve.go_back(position.step if position.step else -1)
        if config.log_to:
            processes.start_trackers(tracker_settings(config))
        peak, costs = peak_flops(model.device, model.low), objectives.operations()
        blocks = {one.name: one.block for one in objectives.whole}
        speed = Speedometer(Flops.of(model), peak, model.depth, blocks, processes.size, costs)
        if config.compile:
            materials.compile()
        choose = self._choice(materials)
        return Loop(
            config, updater, materials.validator, state, processes, curve, speed, position, choose
        )

    def _choice(self, materials: Materials) -> str:
        """Which checkpoint wins: as asked for, but the last one if nothing tells them apart."""
        wanted: str = self.config.choose
        known = materials.objectives.weights()
        if wanted == "mlm" and "mlm" not in known:
            materials.resolved["choose"] = wanted = "tlm" if "tlm" in known else "last"
        lacking = materials.validator.lacks(wanted)
        if not lacking:
            return wanted
        materials.say(
            f"warning: too few {lacking} to hold some back (10 of a language give 1), so that "
            f"--choose {wanted} has nothing to go by: the last update wins"
        )
        materials.resolved["choose"] = "last"
        return "last"

    def _restored(self, state: RunState, materials: Materials) -> Position:
        """The checkpoint's position, or a fresh one with the map fitted on the model's start."""
        found = state.load() if self.config.resume else None
        if found is not None:
            position = Position(**found)
            materials.say(f"resuming after {position.step:,} updates")
            return position
        materials.model.hugging_face.eval()
        for objective in materials.objectives.whole:
            objective.fit()
        return Position()

    def _write(self, materials: Materials, loop: Loop, work: Path) -> None:
        config, position = self.config, loop.position
        self.record.counts = materials.counts | {
            "updates": position.step,
            "pieces_seen": position.pieces,
        }
        self.record.notes |= {
            "resolved": materials.resolved,
            "script": script_notes(self.text),
            "training_seconds": round(position.seconds, 1),
            "first_validation": position.first,
            "chosen": {k: v for k, v in position.best.items() if k != "checksum"}
            or {"step": position.step},
        }
        with self.place.outputs.together() as batch:
            with batch.stage(config.output) as temporary:
                temporary.mkdir()
                for objective in materials.objectives.text:
                    objective.finish()
                saved = materials.model.hugging_face
                if self.config.leaves_head:
                    saved = saved.base_model
                save_model(saved, materials.tokenizer.hugging_face, temporary)
                for objective in materials.objectives.text:
                    objective.save(temporary)
                if materials.robust is not None:
                    for line in write_suspects(materials.robust, materials.tokenizer, temporary):
                        materials.say(line)
                if (work / CURVE_NAME).exists():
                    shutil.copyfile(work / CURVE_NAME, temporary / CURVE_NAME)
                if (work / _TRACKERS).exists():
                    shutil.copytree(work / _TRACKERS, temporary / _TRACKERS)
            batch.record(self.record, config.output)

    def _stopped(self, number: int, loop: Loop) -> Outcome:
        """The answer to a signal: SIGTERM ends well, Ctrl-C as elsewhere."""
        step = loop.position.step
        hint = self.place.hint
        if number == signal.SIGINT:
            raise Interrupted(hint)
        text = f"stopped after {step:,} of {self.config.steps:,} updates, {hint}"
        return Outcome(text if self.processes.is_first else "", {"stopped": True, "step": step})

    def _outcome(self, loop: Loop) -> Outcome:
        if not self.processes.is_first:
            return Outcome("", {})
        data = self.record.as_dict()
        position = loop.position
        chosen = position.best.get("step", position.step)
        text = (
            f"{self.config.output}: the model after {chosen:,} of {position.step:,} updates, "
            f"in {format_seconds(position.seconds)}"
        )
        return Outcome(text, data)


def claimed(config: PretrainConfig, inputs: list[Path]) -> Resumable:
    """The right to the output, and to the folder beside it; nothing is made yet."""
    models = [config.model, config.tokenizer, config.sentence_encoder]
    return Resumable(
        "pretrain",
        config.output,
        inputs=[*inputs, *config.validation_pairs, *models],
        resume=config.resume,
        overwrite=config.overwrite,
    )


def refuse_idle(config: PretrainConfig, processes: int) -> None:
    """Check that every process has a part in each update.

    Raises:
        ConfigError: an update has fewer items than there are processes.
    """
    for flag, size in config.batches().items():
        if size < processes:
            raise ConfigError(
                f"{flag} {size}: {processes} processes share an update; give at least {processes}, "
                "or start fewer processes"
            )


def tracker_settings(config: PretrainConfig) -> dict[str, Any]:
    """The settings that trackers can show."""
    return {
        name: v if isinstance(v, (int, float, str)) else str(v) for name, v in vars(config).items()
    }
