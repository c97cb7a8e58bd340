"""The command ``align``: read two languages, learn, decide, write."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from align.checkpoint import CheckpointFile
from align.config import AlignConfig
from align.finished import finished_before
from align.induced import write_induced
from align.judging.statement import statement
from align.judging.trust import Trust
from align.judging.verdict import verdict_on
from align.languages import Languages
from align.methods.table import learn_maps
from align.output import write_mapped
from align.problem import Problem, Resources
from align.saved_map import SavedMap, write_map
from align.vecmap.alignment import Alignment, unchanged
from align.vecmap.self_learning import Iteration
from x2static.core.errors import Interrupted
from x2static.core.machine.device import device_type
from x2static.core.machine.interrupts import StopSignals
from x2static.core.messages import warn
from x2static.core.outcome import Outcome
from x2static.core.progress import Progress, doing
from x2static.core.storage.outputs import Outputs
from x2static.core.storage.run_record import RunRecord, plain

_CSLS = 10  # neighbours for --induce beside a preset that learns without CSLS


def align(config: AlignConfig) -> Outcome:
    """Learn the maps, write both languages in the shared space, say how good it is."""
    inputs = config.inputs
    outputs = Outputs("align", inputs=inputs, overwrite=config.overwrite)
    outputs.protect(_checkpoint_path(config))
    record = RunRecord("align", config, inputs)
    past = finished_before(config, outputs, record)
    if past is not None:
        _checkpoint_path(config).unlink(missing_ok=True)
        return Outcome(f"{config.output_source}: done before, nothing to do", past)
    languages = Languages(config)
    keeper = CheckpointFile(_checkpoint_path(config), languages.key(), resume=config.resume)
    keeper.check(overwrite=config.overwrite)
    doing("learning the maps")
    with StopSignals():
        found = _learn(config, languages.problem, keeper)
    doing("scoring held-out pairs")
    verdict = verdict_on(found, config, languages.problem)
    same = unchanged(languages.source.width)
    source, target = (found.source, found.target) if verdict["aligned"] else (same, same)
    notes = {"preset": config.preset, "method": config.method, **verdict}
    record.counts = {**languages.counts(), **_history(found)}
    with outputs.together() as batch:
        form = config.output_format
        write_mapped(languages.source, source, config.output_source, form, batch.stage)
        write_mapped(languages.target, target, config.output_target, form, batch.stage)
        if config.save_map is not None:
            write_map(SavedMap(source, target, plain(notes)), config.save_map, batch.stage)
        if config.induce is not None:
            notes["induced_pairs"] = write_induced(
                config.induce,
                languages.source,
                languages.target,
                source,
                target,
                config.induce_cutoff,
                config.csls or _CSLS,
                batch.stage,
            )
        record.notes = {"result": notes}
        for path in (config.output_source, config.output_target):
            batch.record(record, path)
    keeper.remove()
    return Outcome(statement(config, languages, notes), plain({**languages.counts(), **notes}))


def _learn(config: AlignConfig, problem: Problem, keeper: CheckpointFile) -> Alignment:
    """Learn with progress; Ctrl-C leaves the checkpoint and says how to resume."""
    device = device_type(config.device)
    trust = Trust(config, problem)
    if remark := trust.few_pairs():
        warn(remark)
    if not trust.lacks_a_dictionary:
        problem = replace(problem, agreement_runs=0)
    with Progress("align", None, "steps") as progress:

        def report(turn: Iteration) -> None:
            progress.advance(1, f"keep {turn.keep:.1f}, objective {100 * turn.objective:.4f}")

        resources = Resources(
            device,
            config.threads or None,
            progress.say,
            lambda done: progress.advance(1, done),
            report,
            keeper,
        )
        try:
            found = learn_maps(config.method, problem, resources)
        except KeyboardInterrupt as stop:
            kept = "run it again with --resume" if keeper.path.exists() else "nothing was kept"
            raise Interrupted(f"align stopped; {kept}") from stop
    if doubt := trust.doubt(found):
        warn(f"the result is not to be trusted: {doubt}")
    return found


def _checkpoint_path(config: AlignConfig) -> Path:
    return config.output_source.with_name(f"{config.output_source.name}.checkpoint.safetensors")


def _history(found: Alignment) -> dict[str, Any]:
    turns = [[t.number, t.keep, round(t.objective, 8), round(t.seconds, 3)] for t in found.history]
    return {"iterations": turns} if turns else {}
