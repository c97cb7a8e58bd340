"""What the pipeline and the report know of `x2static eval bli`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from x2static.core.evaluation import Column, Evaluation, Moment, Pipeline, Subject, View


def _settings(subject: Subject, files: tuple[Path, ...]) -> Mapping[str, Any]:
    return {
        "source": (Path(subject.vectors),),
        "target": (Path(subject.hub),),
        "lexicon": files,
        "by_word": True,
    }


def _packages(config: Any) -> Iterator[tuple[str, str]]:
    if config.index != "exact":
        yield "faiss", "faiss"


DESCRIPTOR = Evaluation(
    name="bli",
    pipeline=Pipeline(
        moments=(Moment("vectors", "before"), Moment("aligned", "after")),
        called="dictionary",
        hub="never",
        with_hub=True,
        settings=_settings,
        fixed=frozenset(
            {"source", "target", "lexicon", "induce", "errors", "by_word", "overwrite"}
        ),
        packages=_packages,
        way_out='set index = "exact" under [eval_bli]',
    ),
    view=View(
        section="dictionaries",
        title="Bilingual dictionaries",
        note=(
            "How often a dictionary's translation is the nearest word of the other language (P@1) "
            "or among the nearest 5 or 10; MRR: the mean of 1 / the place of the right word. All "
            "times 100, over the words that have vectors (coverage); strict P@1 counts the others "
            "as wrong. CSLS takes off how near a word is to everything. In brackets: Wilson's 95 % "
            "interval. "
        ),
        columns=(
            Column("P@1", "p@1", "share", "queries"),
            Column("P@5", "p@5", "share", "queries"),
            Column("P@10", "p@10", "share", "queries"),
            Column("MRR", "mrr", "percent"),
            Column("strict P@1", "strict_p@1", "share", "dictionary_queries"),
            Column("coverage %", "coverage", "coverage"),
            Column("words", "queries", "count"),
        ),
        heading="P@1",
        table="Bilingual dictionaries",
        tile="words translated right",
        called="dictionary",
        covered=("queries", "queries"),
    ),
)
