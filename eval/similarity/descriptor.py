"""What the pipeline and the report know of `x2static eval similarity`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from x2static.core.evaluation import Column, Evaluation, Moment, Pipeline, Subject, View

_TIMES = {"vectors": "before", "aligned": "after"}


def _settings(subject: Subject, files: tuple[Path, ...]) -> Mapping[str, Any]:
    return {"vectors": Path(subject.vectors), "dataset": files}


def _subject(settings: Mapping[str, Any]) -> str:
    folder = Path(str(settings.get("vectors") or "")).parent.name
    return f"the vectors {_TIMES[folder]} alignment" if folder in _TIMES else ""


DESCRIPTOR = Evaluation(
    name="similarity",
    pipeline=Pipeline(
        moments=(Moment("vectors"),),
        called="test set",
        files="many",
        settings=_settings,
        fixed=frozenset({"vectors", "target", "dataset", "target_dataset"}),
    ),
    view=View(
        section="similarity",
        title="Word similarity",
        note=(
            "How far cosines agree with people's judgements: correlations of ranks (Spearman) and "
            "of values (Pearson), and their harmonic mean; times 100, over the pairs whose words "
            "both have vectors (coverage). In brackets: 95 % intervals by Fisher's z."
        ),
        columns=(
            Column("Spearman", "spearman", "ranks", "covered"),
            Column("Pearson", "pearson", "correlation", "covered"),
            Column("harmonic", "harmonic", "percent"),
            Column("coverage %", "coverage", "coverage"),
            Column("pairs", "pairs", "count"),
        ),
        table="Word similarity",
        covered=("covered", "covered pairs"),
        subject=_subject,
        subjects="Of",
    ),
)
