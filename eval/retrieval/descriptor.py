"""What the pipeline and the report know of `x2static eval retrieval`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from x2static.core.evaluation import Column, Evaluation, Moment, Pipeline, Subject, View


def _settings(subject: Subject, files: tuple[Path, ...]) -> Mapping[str, Any]:
    return {"source": files[:1], "target": files[1:], "model": subject.model}


def _between(settings: Mapping[str, Any]) -> str:
    """A model is changed by training; static vectors by alignment."""
    if _model(settings):
        return "training"
    return "alignment" if settings.get("vectors") else ""


def _subject(settings: Mapping[str, Any]) -> str:
    if model := _model(settings):
        return f"the model {model}, layer {settings.get('layer')}"
    vectors = settings.get("vectors")
    return "the mean of static vectors" if isinstance(vectors, list) and vectors else ""


def _model(settings: Mapping[str, Any]) -> str:
    model = settings.get("model")
    return model if isinstance(model, str) else ""


DESCRIPTOR = Evaluation(
    name="retrieval",
    pipeline=Pipeline(
        moments=(Moment("teacher", "before"), Moment("model", "after")),
        called="sentences",
        files="pair",
        hub="asked",
        settings=_settings,
        fixed=frozenset({"source", "target", "parallel", "model", "vectors"}),
    ),
    view=View(
        section="retrieval",
        title="Sentence retrieval",
        note=(
            "How often a sentence's translation is the nearest sentence of the other language, "
            "times 100. In brackets: Wilson's 95 % interval. "
        ),
        columns=(
            Column("accuracy", "accuracy", "share", "sentences"),
            Column("coverage %", "coverage", "coverage"),
            Column("sentences", "sentences", "count"),
        ),
        table="Retrieval",
        tile="sentences found",
        called="retrieval",
        covered=("sentences", "sentences"),
        between=_between,
        subject=_subject,
        subjects="Sentences were encoded by",
    ),
)
