"""Settings of ``x2static extend show``, ``extend export`` and ``extend merge``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from x2static.core.setting import Help, free, place, positional


@dataclass(frozen=True, kw_only=True)
class ShowConfig:
    """Print which languages were added to a model, how large they are, what they were made from."""

    HELP: ClassVar[Help] = Help(
        example="x2static extend show with-rw",
    )

    model: Annotated[Path, positional("folder of a model with languages beside it")]


@dataclass(frozen=True, kw_only=True)
class ExtendExportConfig:
    """Write a model in one of its added languages as a plain Hugging Face checkpoint."""

    HELP: ClassVar[Help] = Help(
        example="x2static extend export --model with-rw --language rw --output rw-alone",
    )

    model: Annotated[Path, place("folder of a model with languages beside it")]
    language: Annotated[str, "code of the language"]
    output: Annotated[Path, place("folder to write")]
    overwrite: Annotated[bool, free("replace an existing output")] = False


@dataclass(frozen=True, kw_only=True)
class MergeConfig:
    """Put languages that were added to copies of one model beside one another."""

    HELP: ClassVar[Help] = Help(
        example="x2static extend merge --model with-rw --others with-sw --output with-both",
    )

    model: Annotated[Path, place("folder of the model; its own added languages stay")]
    others: Annotated[tuple[Path, ...], place("FOLDERS of the same model with further languages")]
    output: Annotated[Path, place("folder to write")]
    languages: Annotated[tuple[str, ...], "take these languages of the others alone"] = ()
    replace: Annotated[bool, "of a language that is there twice, take the later one"] = False
    overwrite: Annotated[bool, free("replace an existing output")] = False
