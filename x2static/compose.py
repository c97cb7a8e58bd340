"""``x2static compose``: give vectors a composer, which makes vectors of words that have none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from x2static.core.outcome import Outcome
from x2static.core.setting import Help, free, place, positional

_PASSES = 15


@dataclass(frozen=True, kw_only=True)
class ComposeConfig:
    """Learn from the letters of words where they lie, so that words without a vector get one.

    Vectors that shall be aligned are better given a composer afterwards.
    """

    HELP: ClassVar[Help] = Help(
        example="x2static compose vectors/de --output composed/de",
    )

    vectors: Annotated[Path, positional("word vectors, in any format that can be read")]
    output: Annotated[Path, place("folder in the native format: the same vectors and a composer")]
    overwrite: Annotated[bool, free("replace the output where it exists")] = False


def compose(config: ComposeConfig) -> Outcome:
    """Read, learn, write."""
    from dataclasses import replace

    from x2static.core.compose.learn import fitting_rule, learn_composer
    from x2static.core.formats.native import VECTORS_NAME
    from x2static.core.progress import Progress
    from x2static.core.storage.outputs import Outputs
    from x2static.core.storage.run_record import RunRecord
    from x2static.core.vector_file import read_vectors, write_vectors

    outputs = Outputs("compose", inputs=[config.vectors], overwrite=config.overwrite)
    outputs.claim(config.output, is_folder=True)
    file = config.vectors / VECTORS_NAME
    record = RunRecord("compose", config, [file if file.exists() else config.vectors])
    vectors = read_vectors(config.vectors)
    rule = fitting_rule(len(vectors))
    with Progress("composing", _PASSES, "passes") as bar:
        composer = learn_composer(vectors.words, vectors.matrix, rule, advance=bar.advance)
    record.counts = {"words": len(vectors), "width": vectors.width, "buckets": rule.buckets}
    with outputs.together() as batch:
        whole = replace(vectors, composer=composer)
        write_vectors(whole, config.output, "safetensors", stage=batch.stage)
        batch.record(record, config.output)
    text = (
        f"{config.output}: {len(vectors):,} words x {vectors.width}, and a composer of "
        f"{rule.buckets:,} letter sequences for others"
    )
    return Outcome(text, {"output": str(config.output), **record.counts})
