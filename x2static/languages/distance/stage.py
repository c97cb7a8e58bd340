"""``x2static languages distance``: how far apart languages are, in several ways."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from x2static.core.outcome import Outcome
from x2static.core.storage.outputs import Outputs
from x2static.core.storage.run_record import RunRecord
from x2static.languages.distance.config import DistanceConfig
from x2static.languages.distance.own import (
    Computed,
    lexical_kind,
    piece_kind,
    representation_kinds,
    space_kind,
)
from x2static.languages.known import script_of
from x2static.languages.measures.glottolog import genetic, geographic
from x2static.languages.measures.typology import BEGINNINGS, compare, features_of
from x2static.languages.tables.distances import Distances, pairs_of, table_text

_WIDEST = 12  # languages whose matrix fits on a terminal


def distance(config: DistanceConfig) -> Outcome:
    """Run ``x2static languages distance``."""
    outputs = Outputs("languages distance", inputs=_inputs(config), overwrite=config.overwrite)
    outputs.claim(config.output, is_folder=False)
    record = RunRecord("languages distance", config, _inputs(config))
    kinds: dict[str, Any] = {}
    shared: dict[str, Any] = {}
    for kind in dict.fromkeys(config.kind):
        for name, matrix, counts in _compute(kind, config):
            kinds[name] = matrix
            if counts is not None:
                shared[name] = counts
    found = Distances(config.languages, kinds, shared)
    record.counts = {kind: _about(matrix) for kind, matrix in kinds.items()}
    with outputs.together() as batch:
        with batch.stage(config.output) as temporary:
            temporary.write_text(table_text(found), encoding="utf-8")
        batch.record(record, config.output)
    data = {"output": str(config.output), "languages": list(config.languages), **record.counts}
    return Outcome("\n".join([*_lines(found), f"written to {config.output}"]), data)


def _compute(kind: str, config: DistanceConfig) -> list[Computed]:
    codes = config.languages
    simple: dict[str, Callable[[Sequence[str]], Any]] = {
        "geographic": geographic,
        "genetic": genetic,
        "script": _script,
    }
    if kind in simple:
        return [(kind, simple[kind](codes), None)]
    if kind in BEGINNINGS:
        features = features_of(codes, config.features, config.combine).beginning(BEGINNINGS[kind])
        return [(kind, *compare(features, config.metric, config.min_shared))]
    if kind == "lexical":
        return [lexical_kind(codes, config.word_lists or "")]
    if kind == "pieces":
        return [piece_kind(codes, config.model or "", config.text, config.max_sentences)]
    if kind == "spectral":
        return [space_kind(codes, config.vectors, config.max_words)]
    return representation_kinds(codes, config.representations or Path())


def _script(codes: Sequence[str]) -> Any:
    """0 for the same script, 1 for another; unknown where the table has none."""
    scripts = [script_of(code) for code in codes]
    matrix = np.array([[float(a != b) if a and b else math.nan for b in scripts] for a in scripts])
    np.fill_diagonal(matrix, 0.0)
    return matrix


def _inputs(config: DistanceConfig) -> list[Path]:
    lists = (
        [Path(config.word_lists.replace("{}", c)) for c in config.languages]
        if config.word_lists
        else []
    )
    return [*lists, *([config.representations] if config.representations else [])]


def _about(matrix: Any) -> dict[str, Any]:
    values = pairs_of(matrix)
    known = values[~np.isnan(values)]
    about: dict[str, Any] = {"pairs": len(values), "unknown": len(values) - len(known)}
    if len(known):
        about |= {
            "mean": float(known.mean()),
            "least": float(known.min()),
            "most": float(known.max()),
        }
    return about


def _lines(found: Distances) -> list[str]:
    """Each kind in a line or, of few languages, as a matrix."""
    lines = []
    for kind, matrix in found.kinds.items():
        about = _about(matrix)
        known = about["pairs"] - about["unknown"]
        line = f"{kind}: {known} of {about['pairs']} pairs"
        if known:
            line += f", {about['least']:.3f} to {about['most']:.3f}, mean {about['mean']:.3f}"
            line += f"; nearest {_named(found, matrix, np.nanargmin)}"
            line += f", farthest {_named(found, matrix, np.nanargmax)}"
        lines.append(line)
        if len(found.languages) <= _WIDEST:
            lines += [*_matrix(found.languages, matrix), ""]
    return lines


def _named(found: Distances, matrix: Any, choose: Callable[[Any], Any]) -> str:
    rows, columns = np.triu_indices(len(matrix), 1)
    place = int(choose(matrix[rows, columns]))
    return f"{found.languages[rows[place]]}-{found.languages[columns[place]]}"


def _matrix(languages: Sequence[str], matrix: Any) -> list[str]:
    width = max(5, *map(len, languages))
    lines = [" " * width + "".join(f" {name:>{width}}" for name in languages)]
    for name, row in zip(languages, matrix.tolist(), strict=True):
        cells = "".join(f" {'?' if math.isnan(v) else f'{v:.3f}':>{width}}" for v in row)
        lines.append(f"{name:>{width}}{cells}")
    return lines
