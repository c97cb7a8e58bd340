"""Outputs that a killed run left behind: written, but without the record that comes last."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from align.config import AlignConfig
from x2static.core.files import refuse_existing
from x2static.core.formats.native import VECTORS_NAME
from x2static.core.run_record import plain, read_record, record_path

_FREE = ("resume", "overwrite", "threads")  # how a run was started, not what it writes


def refuse_finished(config: AlignConfig) -> None:
    """Stop before any work where an output is there already, unless this run is to finish it.

    The records of both languages are written last, so vectors without one come from a run that was
    killed. A folder counts as such only if it holds nothing but vectors.
    """
    goes_on = config.resume and _is_half_written(config)
    for path in (config.output_source, config.output_target, config.save_map, config.induce):
        if path is not None and not (goes_on and _holds_vectors_only(path)):
            refuse_existing(path, overwrite=config.overwrite)


def _is_half_written(config: AlignConfig) -> bool:
    """One language lacks its record; the other is not there, or lacks it too, or has this run's."""
    present = [path for path in (config.output_source, config.output_target) if path.exists()]
    recorded = [path for path in present if record_path(path).exists()]
    return len(recorded) < len(present) and all(_is_of_this_run(path, config) for path in recorded)


def _is_of_this_run(path: Path, config: AlignConfig) -> bool:
    past = (read_record(path) or {}).get("settings", {})
    return _deciding(past) == _deciding(plain(vars(config)))


def _deciding(settings: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name not in _FREE}


def _holds_vectors_only(path: Path) -> bool:
    if not path.is_dir():
        return True
    return {item.name for item in path.iterdir()} <= {VECTORS_NAME, "run.json"}
