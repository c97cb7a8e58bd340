"""Write word vectors in another format, with its run record."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from x2static.core.config import require_at_least
from x2static.core.outcome import Outcome
from x2static.core.setting import free, place, positional


@dataclass(frozen=True, kw_only=True)
class ExportConfig:
    """Write word vectors in another format."""

    vectors: Annotated[Path, positional("word vectors, in any format that can be read")]
    format: Annotated[
        Literal[
            "word2vec", "word2vec-binary", "gensim", "glove", "safetensors", "static-embedding"
        ],
        "what to write; word2vec is the text format of fastText, MUSE and VecMap too",
    ]
    output: Annotated[
        Path, place("file, or folder for safetensors and static-embedding; .gz compresses")
    ]
    dtype: Annotated[
        Literal["float32", "float16"] | None, "stored precision; float16 for the two folder formats"
    ] = None
    limit: Annotated[int | None, "write only the first words"] = None
    on_error: Annotated[
        Literal["raise", "skip"], "bad rows of the input: stop, or leave them out and count them"
    ] = "raise"
    allow_pickle: Annotated[bool, "read a gensim file, which can run any program"] = False
    overwrite: Annotated[bool, free("replace the output where it exists")] = False

    def __post_init__(self) -> None:
        if self.limit is not None:
            require_at_least("--limit", self.limit, 1)


def export(config: ExportConfig) -> Outcome:
    """Read, write, record."""
    from collections import Counter

    from x2static.core.formats.native import VECTORS_NAME
    from x2static.core.storage.outputs import Outputs
    from x2static.core.storage.run_record import RunRecord
    from x2static.core.vector_file import FOLDER_FORMATS, read_vectors, write_vectors

    outputs = Outputs("export", inputs=[config.vectors], overwrite=config.overwrite)
    outputs.claim(config.output, is_folder=config.format in FOLDER_FORMATS)
    skipped: Counter[str] = Counter()
    vectors = read_vectors(
        config.vectors,
        limit=config.limit,
        on_error=config.on_error,
        allow_pickle=config.allow_pickle,
        skipped=skipped,
    )
    # The vectors alone, not whatever else a training run keeps in its folder.
    folder_file = config.vectors / VECTORS_NAME
    source = folder_file if folder_file.exists() else config.vectors
    record = RunRecord("export", config, [source])
    record.counts = {"words": len(vectors), "width": vectors.width, "skipped": dict(skipped)}
    with outputs.together() as batch:
        write_vectors(vectors, config.output, config.format, dtype=config.dtype, stage=batch.stage)
        batch.record(record, config.output)
    text = f"{config.output}: {len(vectors):,} words x {vectors.width}, {config.format}"
    return Outcome(text, {"output": str(config.output), **record.counts})
