"""``x2static eval impact``: what training did to each language, layer by layer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from eval.impact.cka import LEAST, States
from eval.impact.config import ImpactConfig
from eval.impact.sentences import examine
from x2static.core.errors import ConfigError, DatasetError
from x2static.core.outcome import Outcome
from x2static.core.progress import Progress
from x2static.core.storage.run_record import RunRecord
from x2static.core.text.corpus import iter_sentences
from x2static.core.text.sources import find_sources
from x2static.teacher.sentence_states import SentenceReader, resolve_layers, states_of

_AT_ONCE = 512


def impact(config: ImpactConfig) -> Outcome:
    """Run ``x2static eval impact``."""
    text = find_sources(config.text, "--text")
    layers = _layers(config)
    record = RunRecord("eval impact", config, [path for paths in text.values() for path in paths])
    states = states_of(layers, (config.pool,))
    readers = [
        SentenceReader(
            name,
            states,
            max_pieces=config.max_pieces,
            batch_pieces=config.batch_pieces,
            device=config.device,
            precision=config.precision,
            language=next(iter(text)),
        )
        for name in (config.before, config.after)
    ]
    rows: list[dict[str, Any]] = []
    with Progress("comparing", len(text) * config.max_sentences, "sentences") as progress:
        for language, paths in text.items():
            rows += _language(config, readers, language, paths, layers, progress)
    data = {"rows": rows, "averages": _averages(rows, layers), "run": record.as_dict()}
    return Outcome("\n".join(_table(rows, layers)), data)


def _layers(config: ImpactConfig) -> list[int]:
    """Blocks that both models have.

    Raises:
        ConfigError: models of different depths of which all layers are wanted.
    """
    depths = [resolve_layers(name, None)[-1] for name in (config.before, config.after)]
    if depths[0] != depths[1]:
        raise ConfigError(
            f"--before has {depths[0]} layers and --after {depths[1]}; layers are compared one to "
            "one, so the models must have the same depth"
        )
    return resolve_layers(config.before, config.blocks, "--layers")


def _language(
    config: ImpactConfig,
    readers: Sequence[SentenceReader],
    language: str,
    paths: Sequence[Path],
    layers: Sequence[int],
    progress: Progress,
) -> list[dict[str, Any]]:
    """A row for each layer."""
    before, after = _states(config, readers, language, paths, progress)
    count = before.shape[1]
    if count < LEAST:
        raise DatasetError(
            f"{paths[0]}: {count} sentences that both models can read; CKA needs at least {LEAST}"
        )
    rows = []
    for place, layer in enumerate(layers):
        found = examine(before[place], after[place], config.shuffles, config.seed)
        found = {key: None if _is_nan(value) else value for key, value in found.items()}
        row: dict[str, Any] = {"language": language, "layer": layer, "sentences": count, **found}
        rows.append(row | ({"source": config.source} if config.source else {}))
    return rows


def _states(
    config: ImpactConfig,
    readers: Sequence[SentenceReader],
    language: str,
    paths: Sequence[Path],
    progress: Progress,
) -> tuple[States, States]:
    """(S, N, D) states of both models of the sentences that both can read."""
    for reader in readers:
        reader.speak(language)
    lines = islice((line for path in paths for line in iter_sentences(path)), config.max_sentences)
    found: list[list[States]] = [[], []]
    while some := list(islice(lines, _AT_ONCE)):
        read = [reader.read(some) for reader in readers]
        kept = read[0][1] & read[1][1]
        for mine, (rows, _) in zip(found, read, strict=True):
            mine.append(rows[:, kept])
        progress.advance(len(some), language)
    if not found[0]:
        raise DatasetError(f"{paths[0]}: empty; no sentence of '{language}'")
    first, second = (np.concatenate(some, axis=1) for some in found)
    return first, second


def _averages(rows: Sequence[dict[str, Any]], layers: Sequence[int]) -> list[dict[str, Any]]:
    """The mean impact over languages, layer by layer."""
    found = []
    for layer in layers:
        values = [
            row["impact"] for row in rows if row["layer"] == layer and row["impact"] is not None
        ]
        found.append(
            {"layer": layer, "impact": math.fsum(values) / len(values) if values else None}
        )
    return found


def _table(rows: Sequence[dict[str, Any]], layers: Sequence[int]) -> list[str]:
    """Impact by language and layer, the interval's half width beside it, then what to doubt."""
    languages = list(dict.fromkeys(row["language"] for row in rows))
    by_place = {(row["language"], row["layer"]): row for row in rows}
    width = max(map(len, [*languages, "language"]))
    lines = ["impact (1 - CKA) by layer, ± half of its 95 % interval"]
    lines.append(f"{'language':{width}}" + "".join(f"{layer:>16}" for layer in layers))
    for language in languages:
        cells = "".join(f"{_cell(by_place[language, layer]):>16}" for layer in layers)
        lines.append(f"{language:{width}}{cells}")
    gaps = [row["cka_biased"] - row["cka"] for row in rows if row["cka"] is not None]
    null = [row["null"] for row in rows if row["null"] is not None]
    moved = [
        abs(row["without_farthest"] - row["cka"])
        for row in rows
        if row["cka"] is not None and row["without_farthest"] is not None
    ]
    if gaps:
        lines.append(f"biased CKA would understate the impact by up to {max(gaps):.4f}")
    if null:
        lines.append(f"sentences paired at random: CKA {min(null):.4f} to {max(null):.4f}")
    if moved:
        lines.append(f"without the 1 % farthest sentences, CKA moves by up to {max(moved):.4f}")
    return lines


def _cell(row: dict[str, Any]) -> str:
    if row["impact"] is None:
        return "nothing varies"
    if row["interval_95"] is None:
        return f"{row['impact']:.4f}"
    low, high = row["interval_95"]
    return f"{row['impact']:.4f} ±{(high - low) / 2:.4f}"


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)
