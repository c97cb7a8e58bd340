"""The command ``align hub``: many languages into the space of one, which stays untouched.

The hub's file is neither changed nor written again. A spoke is centred, rotated onto the centred
hub, and given the hub's mean, so that it lies among the hub's own unit vectors.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from align.config import HubConfig, Method, OutputFormat
from align.learning import learn_maps
from align.output import format_of, write_mapped
from align.saved_map import SavedMap, write_map
from align.seeds import check_same_width, seed_pairs
from align.vecmap.alignment import Alignment, LanguageMap
from align.vecmap.arrays import FloatMatrix
from align.vecmap.diagnosis import WORDS
from align.vecmap.normalization import Normalization, check_finite
from align.vecmap.presets import FAST_SCHEDULE, VecMapSettings
from x2static.core.device import pick_device
from x2static.core.errors import OutputError, WorkbenchError
from x2static.core.files import make_parent
from x2static.core.outcome import Outcome
from x2static.core.progress import Progress
from x2static.core.run_record import RunRecord, plain, read_record, record_path
from x2static.core.vector_file import Format, read_vectors
from x2static.core.vectors import WordVectors

_log = logging.getLogger(__name__)
# A spoke does not depend on these: the other spokes, and how the run was started.
_FREE = ("spokes", "resume", "overwrite", "threads")
_SUFFIX: dict[Format, str] = {"word2vec": ".vec", "word2vec-binary": ".bin"}


def hub(config: HubConfig) -> Outcome:
    """Map each spoke; one that fails does not stop the others, but the command then fails."""
    _, hub_path = config.named(config.hub)
    center = read_vectors(hub_path, limit=config.max_vocabulary or None, on_error=config.on_error)
    check_finite(center.matrix, str(hub_path))
    make_parent(config.output / "x")
    rows, failures = {}, {}
    for text in config.spokes:
        name, path = config.named(text)
        try:
            rows[name] = _spoke(config, name, path, center)
        except WorkbenchError as error:
            failures[name] = str(error)
            _log.warning("%s: %s", name, error)
    if failures:
        shown = "; ".join(f"{name}: {error}" for name, error in failures.items())
        raise WorkbenchError(f"{len(failures)} of {len(config.spokes)} languages failed: {shown}")
    lines = [
        f"{row['output']}: {row['words']:,} words, {row['final_pairs']:,} pairs, "
        f"mutual-neighbour rate {row['mutual_rate']:.3f}, found again {row['found_again']:.3f}"
        for row in rows.values()
    ]
    return Outcome("\n".join([*lines, f"{hub_path}: the hub, as it was"]), {"spokes": rows})


def _spoke(config: HubConfig, name: str, path: Path, center: WordVectors) -> dict[str, Any]:
    output = config.output / f"{name}{_suffix(config.output_format)}"
    map_path = config.output / f"{name}.map.safetensors"
    lexicon = Path(config.lexicons.replace("{}", name)) if config.seeds == "lexicon" else None
    inputs = [path, config.named(config.hub)[1], *([lexicon] if lexicon else [])]
    record = RunRecord("align hub", config, inputs)
    if config.resume and (done := _done(record, output)):
        return done
    is_half = config.resume and read_record(output) is None  # killed before the record
    for place in (output, map_path):
        if place.exists() and not (config.overwrite or is_half):
            raise OutputError(
                f"{place} exists already; pass --overwrite or choose another --output"
            )
    vectors = read_vectors(path, limit=config.max_vocabulary or None, on_error=config.on_error)
    check_finite(vectors.matrix, str(path))
    check_same_width(vectors, center, (path, config.named(config.hub)[1]))
    pairs = seed_pairs(config.seeds, vectors, center, lexicon)
    device = "cpu" if config.device == "cpu" else pick_device(config.device).type
    method: Method = "vecmap" if config.method == "orthogonal" else config.method
    with Progress(name, None, "iterations") as progress:
        found = learn_maps(
            method, vectors.matrix, center.matrix, _settings(config), pairs,
            rounds=config.rounds, seed=config.seed, device=device,
            threads=config.threads or None, say=lambda text: progress.say(f"{name}: {text}"),
            report=lambda turn: progress.advance(1, f"objective {100 * turn.objective:.4f}"),
        )  # fmt: skip
    source, target = into_hub(found, vectors.matrix, center.matrix)
    write_mapped(vectors, source, output, config.output_format)
    row = {
        "output": str(output), "words": len(vectors), "final_pairs": len(found.pairs.source),
        **vars(found.diagnosis),
    }  # fmt: skip
    write_map(SavedMap(source, target, plain(row)), map_path)
    record.notes = {"result": row}
    record.write(record_path(output))
    return row


def _done(record: RunRecord, output: Path) -> dict[str, Any] | None:
    """What an earlier run found for this spoke, if it had the same files and settings."""
    past = read_record(output)
    if past is None or past.get("inputs") != record.inputs:
        return None

    def deciding(settings: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in settings.items() if name not in _FREE}

    if deciding(past.get("settings", {})) != deciding(record.settings):
        return None
    result: dict[str, Any] | None = past.get("result")
    return result


def into_hub(
    found: Alignment, source: FloatMatrix, target: FloatMatrix
) -> tuple[LanguageMap, LanguageMap]:
    """A map into the hub's own unit vectors, and the hub's map: nothing at all.

    Both were normalised unit, centre, unit. The rotation holds between centred vectors; the last
    unit step is left out, and the hub's mean brings the spoke to where the hub's words are. A map
    that is no rotation changes lengths; one factor makes the mean length the hub's.
    """
    spoke, hub_side = (
        Normalization(side.normalization.steps[:2], side.normalization.statistics[:2])
        for side in (found.source, found.target)
    )
    centered = LanguageMap(spoke, found.source.matrix).apply(source[:WORDS])
    wanted = _mean_length(hub_side.apply(target[:WORDS]))
    factor = np.float32(wanted / max(_mean_length(centered), 1e-12))
    mean = found.target.normalization.statistics[1]
    width = len(found.target.matrix)
    nothing = Normalization((), np.zeros((0, width), np.float32))
    return (
        LanguageMap(spoke, found.source.matrix * factor, mean),
        LanguageMap(nothing, np.eye(width, dtype=np.float32)),
    )


def _mean_length(rows: FloatMatrix) -> float:
    return float(np.linalg.norm(rows, axis=1).mean())


def _settings(config: HubConfig) -> VecMapSettings:
    learns = config.self_learning or config.seeds != "lexicon"
    settings = VecMapSettings(
        seeds=config.seeds, mapping="orthogonal", self_learning=learns, cutoff=config.cutoff
    )
    return replace(settings, **FAST_SCHEDULE) if config.fast else settings


def _suffix(asked: OutputFormat) -> str:
    return _SUFFIX.get(format_of(Path("vectors"), asked), "")
