"""The command ``align apply``: map further vectors with a saved map."""

from __future__ import annotations

from align.config import ApplyConfig
from align.output import write_mapped
from align.saved_map import read_map
from align.vecmap.normalization import check_finite
from x2static.core.files import refuse_existing
from x2static.core.outcome import Outcome
from x2static.core.run_record import RunRecord, record_path
from x2static.core.vector_file import read_vectors


def apply(config: ApplyConfig) -> Outcome:
    """Map the vectors: the same rows give the same answer as when the map was learned."""
    refuse_existing(config.output, overwrite=config.overwrite)
    saved = read_map(config.map)
    record = RunRecord("align apply", config, [config.map, config.vectors])
    vectors = read_vectors(config.vectors, on_error=config.on_error)
    check_finite(vectors.matrix, str(config.vectors), may_be_equal=True)
    language_map = saved.source if config.side == "source" else saved.target
    write_mapped(vectors, language_map, config.output, config.output_format)
    record.counts = {"words": len(vectors)}
    record.write(record_path(config.output))
    text = f"{config.output}: {len(vectors):,} words mapped as {config.side}"
    return Outcome(text, {"output": str(config.output), "words": len(vectors)})
