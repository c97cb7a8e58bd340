"""The command ``align apply``: map further vectors with a saved map."""

from __future__ import annotations

from align.apply_config import ApplyConfig
from align.output import is_folder, write_mapped
from align.saved_map import read_map
from align.vecmap.normalization import check_finite
from x2static.core.outcome import Outcome
from x2static.core.storage.outputs import Outputs
from x2static.core.storage.run_record import RunRecord
from x2static.core.vector_file import read_vectors


def apply(config: ApplyConfig) -> Outcome:
    """Map the vectors: the same rows give the same answer as when the map was learned."""
    inputs = [config.map, config.vectors]
    outputs = Outputs("align apply", inputs=inputs, overwrite=config.overwrite)
    outputs.claim(config.output, is_folder=is_folder(config.output, config.output_format))
    saved = read_map(config.map)
    record = RunRecord("align apply", config, inputs)
    vectors = read_vectors(config.vectors, on_error=config.on_error)
    check_finite(vectors.matrix, str(config.vectors), may_be_equal=True)
    language_map = saved.source if config.side == "source" else saved.target
    record.counts = {"words": len(vectors)}
    with outputs.together() as batch:
        write_mapped(vectors, language_map, config.output, config.output_format, batch.stage)
        batch.record(record, config.output)
    text = f"{config.output}: {len(vectors):,} words mapped as {config.side}"
    return Outcome(text, {"output": str(config.output), "words": len(vectors)})
