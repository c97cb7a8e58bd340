"""Scores of the evaluations as rows: one for each thing measured, before and after beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from x2static.commands import evaluations
from x2static.core.evaluation import FineTuned, View
from x2static.core.scores.paired import Paired, paired
from x2static.report.read.run_folder import RunFolder, Table, number, table, tables, text

_WHEN = ("before", "after")


@dataclass(frozen=True)
class BeforeAfter:
    """One measurement, before and after.

    Attributes:
        language: whose file it stands in.
        is_forward: from the language to the hub; else the other way.
        method: ``nn`` or ``csls``.
        before: figures by name; empty where it was not measured.
        after: likewise.
    """

    language: str
    is_forward: bool
    method: str
    before: Table = field(default_factory=dict)
    after: Table = field(default_factory=dict)

    @property
    def last(self) -> Table:
        """The row of the later time that there is."""
        return self.after or self.before

    @cached_property
    def test(self) -> Paired | None:
        """Of the change, where both times tell which items were found."""
        return paired(self.before.get("found"), self.after.get("found"))

    def figures(self, when: str) -> Table:
        """The row of one time."""
        return self.before if when == "before" else self.after


@dataclass(frozen=True)
class Measured:
    """An evaluation of vectors or a model, and what a folder holds of it.

    Attributes:
        name: of the evaluation.
        view: how it is drawn.
        stages: its folders of scores by time; the time is empty where it is measured once.
        pairs: rows of those measured before and after.
        rows: (language, row) of the others.
    """

    name: str
    view: View
    stages: Mapping[str, str]
    pairs: list[BeforeAfter]
    rows: list[tuple[str, Table]]

    @property
    def is_twofold(self) -> bool:
        """Whether it is measured before and after something."""
        return "" not in self.stages

    @property
    def figure(self) -> str:
        """The key of its main figure."""
        return self.view.columns[0].figure

    def settings(self, run: RunFolder, when: str) -> Iterator[Table]:
        """Settings behind the scores of a time, a file each."""
        for _, content in run.scores(self.stages[when]):
            yield table(table(content.get("run")).get("settings"))


def measured(run: RunFolder) -> list[Measured]:
    """The evaluations of the pipeline, in its order."""
    found = []
    for one in evaluations().values():
        if one.pipeline is None or not isinstance(one.view, View):
            continue
        stages = {moment.when: one.stage(moment) for moment in one.pipeline.moments}
        is_twofold = "" not in stages
        rows = [] if is_twofold else list(_rows(run, stages.values()))
        both = pairs(run, one.name) if is_twofold else []
        found.append(Measured(one.name, one.view, stages, both, rows))
    return found


def _rows(run: RunFolder, stages: Iterable[str]) -> Iterator[tuple[str, Table]]:
    for stage in stages:
        for language, content in run.scores(stage):
            for row in tables(content.get("rows")):
                yield language, row


def pairs(run: RunFolder, kind: str) -> list[BeforeAfter]:
    """The rows of ``scores/KIND.before`` and ``scores/KIND.after``, joined."""
    found: dict[tuple[str, bool, str], dict[str, Table]] = {}
    for when in _WHEN:
        for language, content in run.scores(f"{kind}.{when}"):
            rows = tables(content.get("rows"))
            for row in rows:
                is_forward = row.get("source") == rows[0].get("source")
                key = (language, is_forward, text(row, "method"))
                found.setdefault(key, {}).setdefault(when, row)
    order = {name: place for place, name in enumerate(run.languages)}
    keys = sorted(found, key=lambda key: (order.get(key[0], len(order)), key))
    return [
        BeforeAfter(*key, found[key].get("before", {}), found[key].get("after", {})) for key in keys
    ]


def groups(found: list[BeforeAfter]) -> list[tuple[str, bool, list[BeforeAfter]]]:
    """(method, is_forward, rows), csls and forward first: each is a table of its own."""
    keys = sorted({(pair.method != "csls", not pair.is_forward, pair.method) for pair in found})
    return [
        (
            method,
            not is_back,
            [pair for pair in found if pair.method == method and pair.is_forward is not is_back],
        )
        for _, is_back, method in keys
    ]


def mean_figure(found: list[BeforeAfter], name: str, when: str) -> float | None:
    """The mean over the languages that have the figure at both times, or at all if none has."""
    both = [p for p in found if None not in (number(p.before, name), number(p.after, name))]
    values = [number(pair.figures(when), name) for pair in both or found]
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


@dataclass(frozen=True)
class Tested:
    """Scores of fine-tuned models.

    Attributes:
        name: their file's name.
        kind: name of the evaluation.
        view: how it is drawn.
        rows: of single languages, then of averages; each has ``model``, ``language``, ``set``.
        metrics: keys of their figures.
    """

    name: str
    kind: str
    view: FineTuned
    rows: list[Table]
    metrics: list[str]


def downstream(run: RunFolder) -> Iterator[Tested]:
    """What the evaluations that fine-tune left."""
    for kind, one in evaluations().items():
        if not isinstance(one.view, FineTuned):
            continue
        for name, content in run.scores(kind):
            rows = tables(content.get("rows"))
            for row in tables(content.get("averages")):
                rows.append({**row, "language": text(row, "over")})
            rows = [_from_source(row) for row in rows]
            metrics = [
                metric
                for metric in one.view.metrics
                if any(number(table(row.get(metric)), "mean") is not None for row in rows)
            ]
            if metrics:
                yield Tested(name, kind, one.view, rows, metrics)


def _from_source(row: Table) -> Table:
    """A row whose model says which language it was fine-tuned on, where several were."""
    source = text(row, "source")
    return {**row, "model": f"{text(row, 'model')} on {source}"} if source else row
