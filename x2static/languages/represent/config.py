"""Settings of ``x2static languages represent``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from x2static.core.config import require_at_least, require_at_most
from x2static.core.machine.device import DEVICE, DeviceName
from x2static.core.setting import RESUME, Help, free, place


@dataclass(frozen=True, kw_only=True)
class RepresentConfig:
    """Represent each language by the mean of its sentences' states in a transformer.

    FILES are paths, patterns in quotes, or LANGUAGE=PATH; otherwise the language is read off the
    file name. One sentence a line, read from the beginning.
    """

    HELP: ClassVar[Help] = Help(
        example=(
            "x2static languages represent --model xlm-roberta-base "
            "--text 'mono/*.txt.gz' --output means"
        ),
    )

    model: Annotated[str, "transformer: a folder or a name"]
    text: Annotated[tuple[str, ...], place("FILES of text, one sentence a line")]
    output: Annotated[Path, place("folder to write")]
    layer: Annotated[
        tuple[int, ...], "blocks whose states are taken, all in one pass; 0: embeddings, -1: last"
    ] = (-1,)
    pool: Annotated[
        tuple[Literal["cls", "mean"], ...],
        "a sentence is the state of its first token, or the mean of its pieces",
    ] = ("cls",)
    max_sentences: Annotated[int, "maximum number of sentences per language"] = 10_000
    enough: Annotated[
        float,
        "stop a language early when 1 - cosine of the means of two disjoint halves stays below "
        "this at three looks (0: never)",
    ] = 0.0
    max_pieces: Annotated[int, "cut longer sentences to this many pieces"] = 256
    device: Annotated[DeviceName, DEVICE] = "auto"
    precision: Annotated[
        Literal["auto", "fp32", "bf16"], "auto: bf16 where the hardware multiplies it faster"
    ] = "auto"
    batch_pieces: Annotated[int, free("pieces in a batch, padding included")] = 4096
    resume: Annotated[bool, free(RESUME)] = False
    overwrite: Annotated[bool, free("replace the output where it exists")] = False

    def __post_init__(self) -> None:
        for flag, value, least in (
            ("the number of --text", len(self.text), 1),
            ("--max-sentences", self.max_sentences, 2),
            ("the number of --layer", len(self.layer), 1),
            ("--max-pieces", self.max_pieces, 4),
            ("the number of --pool", len(self.pool), 1),
            ("--batch-pieces", self.batch_pieces, 1),
            ("--enough", self.enough, 0),
        ):
            require_at_least(flag, value, least)
        require_at_most("--enough", self.enough, 2)
