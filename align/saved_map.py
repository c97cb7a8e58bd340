"""Maps as files: one safetensors file with everything that new vectors need, and nothing else."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from align.vecmap.alignment import LanguageMap
from align.vecmap.induce.arrays import AlignmentError
from align.vecmap.normalization import Normalization
from align.vecmap.presets import STEPS
from x2static.core.storage.files import Stage, describe_os_error, staged

FORMAT = "x2static-map"
_VERSION = 1


@dataclass(frozen=True, eq=False)
class SavedMap:
    """Both sides of an alignment.

    Attributes:
        source: the map of the source language.
        target: the map of the target language.
        notes: how it was learned, JSON-ready.
    """

    source: LanguageMap
    target: LanguageMap
    notes: dict[str, Any]


def write_map(saved: SavedMap, path: Path, stage: Stage = staged) -> None:
    """Write both sides to one file, whole or not at all."""
    arrays, steps = {}, {}
    for side, language_map in (("source", saved.source), ("target", saved.target)):
        arrays[f"{side}.matrix"] = np.ascontiguousarray(language_map.matrix)
        arrays[f"{side}.statistics"] = np.ascontiguousarray(language_map.normalization.statistics)
        if language_map.offset is not None:
            arrays[f"{side}.offset"] = np.ascontiguousarray(language_map.offset)
        steps[side] = list(language_map.normalization.steps)
    notes = {"format": FORMAT, "version": _VERSION, "steps": steps, **saved.notes}
    with stage(path) as temporary:
        save_file(arrays, temporary, {FORMAT: json.dumps(notes, ensure_ascii=False)})


def read_map(path: Path) -> SavedMap:
    """Read what `write_map` wrote.

    Raises:
        AlignmentError: the file is missing, broken, or no map.
    """
    if not path.is_file():
        raise AlignmentError(f"{path}: no such file; align with --save-map writes one")
    try:
        with safe_open(path, framework="numpy") as archive:
            notes = json.loads((archive.metadata() or {})[FORMAT])
            arrays = {name: archive.get_tensor(name) for name in archive.keys()}  # noqa: SIM118
            if not isinstance(notes, dict):
                raise ValueError("its notes are no table")
            sides = [_language_map(arrays, notes["steps"][side], side) for side in notes["steps"]]
            source, target = sides
    except (SafetensorError, KeyError, ValueError, TypeError, RecursionError) as error:
        raise AlignmentError(f"{path}: not a map written by align --save-map ({error})") from error
    except OSError as error:
        raise AlignmentError(describe_os_error(path, error)) from error
    return SavedMap(source, target, notes)


def _language_map(arrays: dict[str, Any], steps: list[str], side: str) -> LanguageMap:
    matrix, statistics = arrays[f"{side}.matrix"], arrays[f"{side}.statistics"]
    if matrix.ndim != 2:
        raise ValueError(f"{side}: a matrix of shape {matrix.shape}")
    if statistics.shape != (len(steps), len(matrix)) or any(step not in STEPS for step in steps):
        raise ValueError(f"{side}: steps {steps} do not fit arrays of shape {statistics.shape}")
    offset = arrays.get(f"{side}.offset")
    if offset is not None and offset.shape != matrix.shape[1:]:
        raise ValueError(f"{side}: an offset of shape {offset.shape} does not fit")
    for name, array in (("matrix", matrix), ("statistics", statistics), ("offset", offset)):
        if array is not None and not (array.dtype.kind == "f" and np.isfinite(array).all()):
            raise ValueError(f"{side}: the {name} holds NaN, infinity, or what is no number")
    return LanguageMap(Normalization(tuple(steps), statistics), matrix, offset)
