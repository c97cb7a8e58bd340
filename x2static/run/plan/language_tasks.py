"""The tasks over all languages that a ``[represent]`` table asks for: means, groups, distances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from x2static.core.languages.language import find_language

MEANS, GROUPS = "languages/means", "languages/groups"
DISTANCES, ANALYSIS = "languages/distances.tsv", "languages/analysis"
_KINDS = (
    "syntactic",
    "geographic",
    "inventory",
    "genetic",
    "phonological",
    "script",
    "representation",
)
_FEWEST = {"cluster": 3, "distance": 2, "analyse": 4}


@dataclass(frozen=True)
class LanguageStage:
    """A task to be made.

    Attributes:
        stage: its name, and that of its table.
        own: settings that the run gives.
        inputs: relative to the run's folder.
        output: likewise.
        waits_for: stages before it.
        skipped: why there is nothing to do, or nothing.
    """

    stage: str
    own: Mapping[str, Any]
    inputs: tuple[str, ...]
    output: str
    waits_for: tuple[str, ...]
    skipped: str = ""


def language_stages(
    codes: Sequence[str], teacher: str, given: Mapping[str, Mapping[str, Any]]
) -> list[LanguageStage]:
    """What is done over all languages; nothing without a ``[represent]`` table.

    Args:
        codes: of the run's languages.
        teacher: folder or name.
        given: tables of the workbench file.
    """
    if "represent" not in given:
        return []
    known = [code for code in codes if find_language(code) is not None]
    texts = tuple(f"sentences/{code}.txt" for code in codes)
    again = {"overwrite": True}
    kinds = given.get("distance", {}).get("kind") or _KINDS
    distance: dict[str, Any] = {"languages": tuple(known), "kind": kinds, **again}
    if "representation" in kinds:
        distance["representations"] = Path(MEANS)
    named = tuple(f"{code}={text}" for code, text in zip(codes, texts, strict=True))
    return [
        LanguageStage(
            "represent", {"model": teacher, "text": named, "output": Path(MEANS), "resume": True,
                          **again}, texts, MEANS, (),
        ),
        LanguageStage(
            "cluster", {"representations": Path(MEANS), "output": Path(GROUPS), **again}, (MEANS,),
            GROUPS, ("represent",), _too_few("cluster", codes),
        ),
        LanguageStage(
            "distance", {**distance, "output": Path(DISTANCES)}, (MEANS,), DISTANCES,
            ("represent",), _too_few("distance", known),
        ),
        LanguageStage(
            "analyse", {"distances": (Path(DISTANCES),), "output": Path(ANALYSIS), **again},
            (DISTANCES,), ANALYSIS, ("distance",), _too_few("analyse", known),
        ),
    ]  # fmt: skip


def _too_few(stage: str, codes: Sequence[str]) -> str:
    return f"{len(codes)} languages" if len(codes) < _FEWEST[stage] else ""
