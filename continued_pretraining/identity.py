"""What makes two runs the same run: settings that change the result, and the inputs' digests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from continued_pretraining.config import PretrainConfig
from x2static.core.files import sha256
from x2static.core.run_record import RunRecord

_FREE = {  # settings that change no result, or only its last bits
    "output", "resume", "overwrite", "checkpoint_minutes", "log_to", "log_every", "cache_folder",
    "device", "micro_tokens", "compile", "text", "vectors", "validation_pairs", "embeddings_from",
}  # fmt: skip


def run_identity(config: PretrainConfig, record: RunRecord) -> dict[str, Any]:
    """The settings and digests that a resumed run must share with its beginning."""
    settings = {name: v for name, v in record.settings.items() if name not in _FREE}
    given = ["model", "tokenizer"] if config.from_scratch is None else ["tokenizer"]
    for name in given:
        folder = Path(str(settings.get(name) or ""))
        if settings.get(name) and folder.is_dir():
            settings[name] = sha256(folder)
    inputs = {path: about["sha256"] for path, about in record.inputs.items()}
    return {**settings, "inputs": inputs}
