"""What makes two runs the same run: settings that change the result, and the inputs' digests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from continued_pretraining.config import PretrainConfig
from x2static.core.setting import deciding
from x2static.core.storage.files import sha256
from x2static.core.storage.run_record import RunRecord


def run_identity(config: PretrainConfig, record: RunRecord) -> dict[str, Any]:
    """The settings and digests that a resumed run must share with its beginning."""
    settings = deciding(PretrainConfig, record.settings)
    given = ["tokenizer", "sentence_encoder", *(["model"] if config.from_scratch is None else [])]
    for name in given:
        folder = Path(str(settings.get(name) or ""))
        if settings.get(name) and folder.is_dir():
            settings[name] = sha256(folder)
    inputs = {path: about["sha256"] for path, about in record.inputs.items()}
    return {**settings, "inputs": inputs}
