"""Whether the teacher has the layers that the file asks for."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from x2static.core.evaluation import Evaluation
from x2static.run.workbench.problems import Problems
from x2static.run.workbench.settings import known_settings


def check_layers(
    teacher: str,
    tables: Mapping[str, Mapping[str, Any]],
    measured: Iterable[Evaluation],
    problems: Problems,
) -> None:
    """Note layers beyond the last of a teacher in a folder, or in the cache of Hugging Face.

    Args:
        teacher: folder or name.
        tables: settings of the stages, typed.
        measured: evaluations that the run does.
        problems: where to note what is wrong.
    """
    depth = _depth(_config_of(teacher))
    if depth is None:
        return
    asked = {"distill": tables.get("distill", {}).get("layer")}
    for one in measured:
        layer = known_settings(one.table).get("layer")
        if one.pipeline and one.pipeline.reads_model and layer is not None:
            asked[one.table] = tables.get(one.table, {}).get("layer", layer.default)
    for table, layer in asked.items():
        if isinstance(layer, int) and not -depth - 1 <= layer <= depth:
            problems.add(
                f"[{table}]",
                f"layer = {layer}: {teacher} has {depth} layers; choose 0 (embeddings) to {depth}, "
                f"or -1 (the last) to {-depth - 1}",
            )


def _config_of(teacher: str) -> Path:
    """Its config.json; nothing is fetched, so that of a name may be missing."""
    if Path(teacher).is_dir() or importlib.util.find_spec("huggingface_hub") is None:
        return Path(teacher) / "config.json"
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        cached = try_to_load_from_cache(teacher, "config.json")
    except HFValidationError:  # no name that the hub could have
        cached = None
    return Path(cached if isinstance(cached, str) else teacher)


def _depth(config: Path) -> int | None:
    """The number of layers that a model's config tells, if it does."""
    try:
        content = json.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(content, dict):
        return None
    depth = content.get("num_hidden_layers", content.get("n_layers"))
    return depth if type(depth) is int else None
