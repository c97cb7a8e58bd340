"""Settings of ``x2static eval impact``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from x2static.core.config import require_at_least
from x2static.core.errors import ConfigError
from x2static.core.languages.language_name import check_language_name
from x2static.core.machine.device import DEVICE, DeviceName
from x2static.core.setting import Help, free, place


@dataclass(frozen=True, kw_only=True)
class ImpactConfig:
    """Measure what training did to each language's space: 1 - CKA of states before and after.

    Linear CKA without bias, per layer and language, with a jackknife interval, with sentences
    paired at random (the null), and without the sentences that lie farthest from the mean. FILES
    are paths, patterns in quotes, or LANGUAGE=PATH.
    """

    HELP: ClassVar[Help] = Help(
        example=(
            "x2static eval impact --before xlm-roberta-base --after better --text 'mono/*.txt.gz'"
        ),
    )

    before: Annotated[str, "model: a folder or a name"]
    after: Annotated[str, "the same model, trained on"]
    text: Annotated[tuple[str, ...], place("FILES of text, one sentence a line")]
    layers: Annotated[tuple[str, ...], "blocks to compare, 0: embeddings, or all"] = ("all",)
    pool: Annotated[
        Literal["cls", "mean"], "a sentence is the state of its first token, or the mean of pieces"
    ] = "cls"
    source: Annotated[
        str | None, "language that --after was fine-tuned on, for languages analyse"
    ] = None
    max_sentences: Annotated[int, "sentences of a language"] = 2000
    shuffles: Annotated[int, "random pairings behind the null"] = 1
    seed: Annotated[int, "of the pairings"] = 0
    max_pieces: Annotated[int, "cut longer sentences to this many pieces"] = 128
    device: Annotated[DeviceName, DEVICE] = "auto"
    precision: Annotated[Literal["auto", "fp32", "bf16"], "of their products"] = "fp32"
    batch_pieces: Annotated[int, free("pieces in a batch, padding included")] = 4096

    def __post_init__(self) -> None:
        for flag, value, least in (
            ("the number of --text", len(self.text), 1),
            ("--max-sentences", self.max_sentences, 4),
            ("--shuffles", self.shuffles, 0),
            ("--seed", self.seed, 0),
            ("--max-pieces", self.max_pieces, 4),
            ("--batch-pieces", self.batch_pieces, 1),
            ("the number of --layers", len(self.layers), 1),
        ):
            require_at_least(flag, value, least)
        if self.source is not None:
            check_language_name(self.source, "--source")
        if self.layers != ("all",):
            for layer in self.layers:
                if not re.fullmatch(r"-?[0-9]{1,6}", layer):
                    raise ConfigError(f"--layers {layer}: give numbers of blocks, or all")

    @property
    def blocks(self) -> list[int] | None:
        """The layers as numbers; None for all."""
        return None if self.layers == ("all",) else [int(layer) for layer in self.layers]
