"""Which layer of a teacher a run reads, and why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from x2static.core.errors import require
from x2static.distill.config import DistillConfig
from x2static.teacher.loading.hugging_face import quiet

_SIGN = "modules.json"  # sentence-transformers writes it beside every model of its own


@dataclass(frozen=True)
class LayerChoice:
    """A layer in the user's terms, and the reason for it.

    Attributes:
        layer: number of a block; negative from the end; None for the middle.
        reason: half a sentence, for the line that announces the run.
    """

    layer: int | None
    reason: str


def choose_layer(config: DistillConfig) -> LayerChoice:
    """The layer that was asked for; else, by preset and kind of encoder, the last or the middle.

    Presets named for a paper read what the paper read. The others read a sentence encoder at its
    last layer, for which it was trained, and any other encoder in the middle, where it speaks least
    of its own pre-training task. A hub name and a folder of the same model are read alike.
    """
    if config.layer is not None:
        return LayerChoice(config.layer, "as set")
    if config.names_a_paper:
        return LayerChoice(None, f"the middle, as preset {config.preset} has it")
    sign = find_sign(config.teacher)
    if sign is None:
        return LayerChoice(None, f"the middle: no {_SIGN} found, so no sentence encoder")
    return LayerChoice(-1, f"the last: a sentence encoder, by its {_SIGN}")


def find_sign(teacher: str) -> Path | None:
    """The file that tells a sentence encoder: in a folder, in the hub's cache, or on the hub."""
    if Path(teacher).is_dir():
        path = Path(teacher) / _SIGN
        return path if path.exists() else None
    hub = require("huggingface_hub", "distill", "a teacher of the hub")
    try:
        cached = hub.try_to_load_from_cache(teacher, _SIGN)  # a path, a mark for "not there", None
        if cached is None:
            cached = _ask_hub(teacher)
    except (OSError, ValueError):  # no name that a hub could have; loading it says so
        return None
    return Path(cached) if isinstance(cached, str) else None


def _ask_hub(teacher: str) -> Any:
    transformers = require("transformers", "distill", "running a transformer")
    with quiet(transformers):
        return transformers.utils.cached_file(
            teacher,
            _SIGN,
            _raise_exceptions_for_gated_repo=False,
            _raise_exceptions_for_missing_entries=False,
            _raise_exceptions_for_connection_errors=False,
        )
