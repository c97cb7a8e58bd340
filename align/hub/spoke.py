"""One spoke of a hub: where it comes from, and where it goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from align.answers import OutputFormat
from align.hub.config import HubConfig
from align.output import format_of, is_folder
from align.vecmap.normalization import check_finite
from x2static.core.lexicons.cldr import names_cldr
from x2static.core.setting import deciding
from x2static.core.storage.outputs import Outputs
from x2static.core.storage.run_record import RunRecord, read_record
from x2static.core.vector_file import Format, read_vectors
from x2static.core.vectors import WordVectors

_SUFFIX: dict[Format, str] = {"word2vec": ".vec", "word2vec-binary": ".bin"}


class Spoke:
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
        lexicon = None if names_cldr(self.lexicon) else self.lexicon
        read = (path, config.named(config.hub)[1], lexicon, self.validation)
        self.inputs = [file for file in read if file is not None]
        others = [config.named(text)[1] for text in config.spokes]
        self.outputs = Outputs(
            "align hub", inputs=[*self.inputs, *others], overwrite=config.overwrite
        )

    def claim(self) -> None:
        """Take both places; what an earlier run has made there, only ``--resume`` looks at."""
        self.outputs.claim(
            self.output,
            is_folder=is_folder(self.output, self.config.output_format),
            may_be_there=self.config.resume,
        )
        is_resumed = self.config.resume and self.output.exists()
        self.outputs.claim(
            self.map_path, is_folder=False, may_be_there=is_resumed, is_ours=lambda _: is_resumed
        )

    def read(self) -> WordVectors:
        """Its vectors, checked."""
        config = self.config
        vectors = read_vectors(
            self.path, limit=config.max_vocabulary or None, on_error=config.on_error
        )
        check_finite(vectors.matrix, str(self.path))
        return vectors

    def done(self, record: RunRecord) -> dict[str, Any] | None:
        """What an earlier run found, if it had the same files and settings."""
        if self.config.resume and self.map_path.exists():
            return _done(record, self.output)
        return None


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


def _suffix(asked: OutputFormat) -> str:
    return _SUFFIX.get(format_of(Path("vectors"), asked), "")
