"""Settings of ``align apply``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from align.answers import OutputFormat
from x2static.core.formats.faults import OnError
from x2static.core.setting import Help, free, place


@dataclass(frozen=True, kw_only=True)
class ApplyConfig:
    """Map further vectors with a map that align has saved."""

    HELP: ClassVar[Help] = Help(
        example="x2static align apply --map de-en.map --vectors vectors/de --output mapped/de",
    )

    map: Annotated[Path, place("what align --save-map wrote")]
    vectors: Annotated[
        Path, place("vectors of the map's source (or target) language, new words included")
    ]
    output: Annotated[Path, "where the mapped vectors go"]
    side: Annotated[Literal["source", "target"], "whose map to use"] = "source"
    output_format: Annotated[OutputFormat, "auto: by the output's name"] = "auto"
    on_error: Annotated[OnError, "invalid row in the vector file: stop, or count and skip"] = (
        "raise"
    )
    overwrite: Annotated[bool, free("replace an output that exists")] = False
