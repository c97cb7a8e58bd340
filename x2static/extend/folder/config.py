"""Settings of ``x2static extend show``, ``extend export`` and ``extend merge``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from x2static.core.setting import free, place, positional


@dataclass(frozen=True, kw_only=True)
class ShowConfig:
    """Print which languages were added to a model, how large they are, what they were made from."""

    model: Annotated[Path, positional("folder of a model with languages beside it")]


@dataclass(frozen=True, kw_only=True)
class ExportConfig:
    """Write a model in one of its added languages as a plain Hugging Face checkpoint."""

    model: Annotated[Path, place("folder of a model with languages beside it")]
    language: Annotated[str, "code of the language"]
    output: Annotated[Path, place("folder to write")]
    overwrite: Annotated[bool, free("replace an existing output")] = False


@dataclass(frozen=True, kw_only=True)
class MergeConfig:
    """Put languages that were added to copies of one model beside one another."""

    model: Annotated[Path, place("folder of the model; its own added languages stay")]
    others: Annotated[tuple[Path, ...], place("FOLDERS of the same model with further languages")]
    output: Annotated[Path, place("folder to write")]
    languages: Annotated[tuple[str, ...], "take these languages of the others alone"] = ()
    replace: Annotated[bool, "of a language that is there twice, take the later one"] = False
    overwrite: Annotated[bool, free("replace an existing output")] = False
