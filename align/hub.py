"""The command ``align hub``: many languages into the space of one, which stays untouched.

The hub's file is neither changed nor written again. A spoke is centred, mapped onto the centred
hub, and given the hub's mean, or that part of it which serves best, so that it lies among the hub's
own unit vectors; or it stays as it is, where held-back pairs say that this is better.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from align.config import HubConfig, HubMethod, Method, OutputFormat
from align.held_back import read_held_back
from align.hub_verdict import Verdict, on_folds, on_validation, verdict_of
from align.learning import learn_maps
from align.output import format_of, is_folder, write_mapped
from align.saved_map import SavedMap, write_map
from align.seeds import Coverage, check_same_width, few_pairs, seed_pairs
from align.spoke import into_hub
from align.spoke_tuned import spoke_tuned
from align.validation import Precision
from align.vecmap.alignment import Alignment, unchanged
from align.vecmap.arrays import FloatMatrix
from align.vecmap.normalization import check_finite
from align.vecmap.pairs import PairRows
from align.vecmap.presets import FAST_SCHEDULE, VecMapSettings
from x2static.core.device import pick_device
from x2static.core.errors import WorkbenchError
from x2static.core.outcome import Outcome
from x2static.core.outputs import Outputs
from x2static.core.progress import Progress
from x2static.core.rejection import rejection
from x2static.core.run_record import RunRecord, plain, read_record
from x2static.core.setting import deciding
from x2static.core.vector_file import Format, read_vectors
from x2static.core.vectors import WordVectors

_log = logging.getLogger(__name__)
_AGREEMENT_RUNS = 2
_SUFFIX: dict[Format, str] = {"word2vec": ".vec", "word2vec-binary": ".bin"}


_BY_METHOD: dict[HubMethod, Method] = {
    "orthogonal": "vecmap", "bootstrap": "bootstrap", "rcsls": "rcsls",
}  # fmt: skip


def hub(config: HubConfig) -> Outcome:
    """Map each spoke; one that fails does not stop the others, but the command then fails."""
    _, hub_path = config.named(config.hub)
    spokes = [_Spoke(config, *config.named(text)) for text in config.spokes]
    for spoke in spokes:
        spoke.claim()
    center = read_vectors(hub_path, limit=config.max_vocabulary or None, on_error=config.on_error)
    check_finite(center.matrix, str(hub_path))
    rows, failures = {}, {}
    for spoke in spokes:
        name = spoke.name
        try:
            rows[name] = _spoke(spoke, center)
        except WorkbenchError as error:
            if len(config.spokes) == 1:
                raise
            failures[name] = str(error)
            _log.warning("%s: failed; the last line says why", name)
    if failures:
        shown = "; ".join(f"{name}: {error}" for name, error in failures.items())
        raise WorkbenchError(f"{len(failures)} of {len(config.spokes)} languages failed: {shown}")
    lines = [_stated(row) for row in rows.values()]
    return Outcome("\n".join([*lines, f"{hub_path}: the hub, as it was"]), {"spokes": rows})


class _Spoke:
    """One language: where it comes from, and where it goes."""

    def __init__(self, config: HubConfig, name: str, path: Path) -> None:
        """Find its places."""
        self.config, self.name, self.path = config, name, path
        self.output = config.output / f"{name}{_suffix(config.output_format)}"
        self.map_path = config.output / f"{name}.map.safetensors"
        has_lexicon = config.seeds == "lexicon"
        self.lexicon = Path(config.lexicons.replace("{}", name)) if has_lexicon else None
        pattern = config.validation
        self.validation = Path(str(pattern).replace("{}", name)) if pattern else None
        read = (path, config.named(config.hub)[1], self.lexicon, self.validation)
        self.inputs = [file for file in read if file is not None]
        others = [config.named(text)[1] for text in config.spokes]
        self.outputs = Outputs(
            "align hub", inputs=[*self.inputs, *others], overwrite=config.overwrite
        )

    def claim(self) -> None:
        """Take both places; what an earlier run has made there, only ``--resume`` looks at."""
        self.outputs.claim(
            self.output, is_folder=is_folder(self.output, self.config.output_format),
            may_be_there=self.config.resume,
        )  # fmt: skip
        is_resumed = self.config.resume and self.output.exists()
        self.outputs.claim(
            self.map_path, is_folder=False, may_be_there=is_resumed, is_ours=lambda _: is_resumed
        )

    def done(self, record: RunRecord) -> dict[str, Any] | None:
        """What an earlier run found, if it had the same files and settings."""
        if self.config.resume and self.map_path.exists():
            return _done(record, self.output)
        return None


def _spoke(spoke: _Spoke, center: WordVectors) -> dict[str, Any]:
    config, name, path, output = spoke.config, spoke.name, spoke.path, spoke.output
    record = RunRecord("align hub", config, spoke.inputs)
    if done := spoke.done(record):
        return done
    spoke.outputs.check()
    vectors = read_vectors(path, limit=config.max_vocabulary or None, on_error=config.on_error)
    check_finite(vectors.matrix, str(path))
    check_same_width(vectors, center, (path, config.named(config.hub)[1]))
    pairs, coverage = seed_pairs(config.seeds, vectors, center, spoke.lexicon)
    held_back = spoke.validation
    tested = None if held_back is None else read_held_back(held_back, vectors, center, pairs)
    learner = _Learner(config, name, vectors.matrix, center.matrix)
    if remark := learner.doubt(pairs):
        _log.warning("%s: %s", name, remark)
    found = learner.learn(pairs)
    if found.diagnosis.has_failed and config.seeds != "lexicon":
        _log.warning("%s: the result is not to be trusted: %s", name, found.diagnosis)
    verdict = learner.judge(found, pairs, tested)
    is_aligned = config.choice == "aligned" or verdict is None or verdict.for_map
    if verdict is not None and verdict.aligned.doubt:
        _log.warning("%s: %s", name, verdict.aligned.doubt)
    same = unchanged(center.width)
    source = found.source if is_aligned else same
    row = {
        "output": str(output), "words": len(vectors), "aligned": is_aligned,
        "method": learner.method, **(asdict(coverage) if coverage else {}),
        "final_pairs": len(found.pairs.source), **vars(found.diagnosis),
        **(verdict.notes() if verdict else {}), **found.notes,
    }  # fmt: skip
    if why := rejection({"result": row}):
        _log.warning("%s: %s", name, why)
    record.notes = {"result": row}
    with spoke.outputs.together() as batch:
        write_mapped(vectors, source, output, config.output_format, batch.stage)
        write_map(SavedMap(source, same, plain(row)), spoke.map_path, batch.stage)
        batch.record(record, output)
    return row


class _Learner:
    """Learns one spoke's map in the way that the settings ask for, and judges it."""

    def __init__(
        self, config: HubConfig, name: str, source: FloatMatrix, target: FloatMatrix
    ) -> None:
        self._config, self._name = config, name
        self._matrices = (source, target)
        self._device = "cpu" if config.device == "cpu" else pick_device(config.device).type
        is_tuned = config.method == "tuned"
        self.method: HubMethod = "bootstrap" if is_tuned and config.learns else config.method

    def doubt(self, pairs: PairRows | None) -> str | None:
        """A warning where a method that cannot lean on anything has few pairs."""
        if pairs is None or self._config.learns or self.method == "tuned":
            return None
        return few_pairs(pairs, self._matrices[0].shape[1])

    def learn(self, pairs: PairRows | None, *, is_trial: bool = False) -> Alignment:
        """The alignment in the hub's own space."""
        config = self._config
        threads = config.threads or None
        with Progress(self._name, None, "iterations") as progress:

            def say(text: str) -> None:
                if not is_trial:
                    progress.say(f"{self._name}: {text}")

            if self.method == "tuned" and pairs is not None:
                return spoke_tuned(
                    *self._matrices, _settings(config), pairs, say=say, threads=threads,
                    device=self._device,
                )  # fmt: skip
            found = learn_maps(
                _BY_METHOD[self.method], *self._matrices,
                _settings(config), pairs, rounds=config.rounds, seed=config.seed,
                agreement_runs=_AGREEMENT_RUNS if config.learns else 0,
                device=self._device, threads=threads, say=say,
                report=lambda turn: progress.advance(1, f"objective {100 * turn.objective:.4f}"),
            )  # fmt: skip
        sides = (found.source.normalization, found.target.normalization)
        mapped = into_hub(sides, found.source.matrix, self._matrices)
        return replace(found, source=mapped)

    def judge(
        self, found: Alignment, pairs: PairRows | None, tested: PairRows | None
    ) -> Verdict | None:
        """Held-back pairs on the map; None where there are none, or nobody asked."""
        if tested is not None:
            return on_validation(found.source, *self._matrices, tested)
        config = self._config
        if config.choice == "aligned" or pairs is None or config.learns:
            return None
        if self.method == "tuned":
            return verdict_of(found.notes["tuning"])
        return on_folds(
            lambda learned: self.learn(learned, is_trial=True).source, *self._matrices, pairs
        )


def _stated(row: dict[str, Any]) -> str:
    known = ""
    if "lexicon_pairs" in row:
        known = str(Coverage(*(row[field.name] for field in fields(Coverage)))) + ", "
    stated = (
        f"{row['output']}: {row['words']:,} words, {known}learned from {row['final_pairs']:,}, "
        f"mutual-neighbour rate {100 * row['mutual_rate']:.1f} %, "
        f"found again {100 * row['found_again']:.1f} %"
    )
    if "held_back" in row:
        aligned, before = (Precision(**row[key]) for key in ("held_back", "held_back_unaligned"))
        stated += (
            f", CSLS P@1 {aligned.csls_shown} on {aligned.words:,} held-back words, "
            f"unaligned {before.csls_shown}"
        )
    why = rejection({"result": row})
    return f"{stated}; {why}" if why else stated


def _done(record: RunRecord, output: Path) -> dict[str, Any] | None:
    """What an earlier run found for this spoke, if it had the same files and settings."""
    past = read_record(output)
    if past is None or past.get("inputs") != record.inputs:
        return None

    old, new = past.get("settings", {}), record.settings
    if deciding(HubConfig, old, with_places=True) != deciding(HubConfig, new, with_places=True):
        return None
    result: dict[str, Any] | None = past.get("result")
    return result


def _settings(config: HubConfig) -> VecMapSettings:
    settings = VecMapSettings(
        seeds=config.seeds, mapping="orthogonal", self_learning=config.learns, cutoff=config.cutoff
    )
    return replace(settings, **FAST_SCHEDULE) if config.fast else settings


def _suffix(asked: OutputFormat) -> str:
    return _SUFFIX.get(format_of(Path("vectors"), asked), "")
