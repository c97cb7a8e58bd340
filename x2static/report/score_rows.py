"""Scores of the evaluations as rows: one for each thing measured, before and after beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from x2static.report.run_folder import RunFolder, Table, number, table, tables, text

BLI_FIGURES = ("p@1", "p@5", "p@10", "mrr", "strict_p@1")
_WHEN = ("before", "after")


@dataclass(frozen=True)
class Pair:
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

    def figures(self, when: str) -> Table:
        """The row of one time."""
        return self.before if when == "before" else self.after


def pairs(run: RunFolder, kind: str) -> list[Pair]:
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
    return [Pair(*key, found[key].get("before", {}), found[key].get("after", {})) for key in keys]


def groups(found: list[Pair]) -> list[tuple[str, bool, list[Pair]]]:
    """(method, is_forward, rows), csls and forward first: each is a table of its own."""
    keys = sorted({(pair.method != "csls", not pair.is_forward, pair.method) for pair in found})
    return [
        (method, not is_back, [
            pair for pair in found if pair.method == method and pair.is_forward is not is_back
        ])
        for _, is_back, method in keys
    ]  # fmt: skip


def mean_figure(found: list[Pair], name: str, when: str) -> float | None:
    """The mean over the languages that have the figure at both times, or at all if none has."""
    both = [p for p in found if None not in (number(p.before, name), number(p.after, name))]
    values = [number(pair.figures(when), name) for pair in both or found]
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def similarity_rows(run: RunFolder) -> Iterator[tuple[str, Table]]:
    """(language, row of a test set)."""
    for language, content in run.scores("similarity"):
        for row in tables(content.get("rows")):
            yield language, row


@dataclass(frozen=True)
class Task:
    """A downstream evaluation.

    Attributes:
        name: its file's name.
        kind: ``qa`` or ``tagging``.
        rows: of single languages, then of averages; each has ``model``, ``language``, ``set``.
        metrics: names of its figures.
    """

    name: str
    kind: str
    rows: list[Table]
    metrics: list[str]


def downstream(run: RunFolder) -> Iterator[Task]:
    """What ``eval qa`` and ``eval tagging`` left."""
    for kind in ("qa", "tagging"):
        for name, content in run.scores(kind):
            rows = tables(content.get("rows"))
            for row in tables(content.get("averages")):
                rows.append({**row, "language": text(row, "over")})
            metrics = [
                metric for metric in ("f1", "exact_match", "accuracy")
                if any(number(table(row.get(metric)), "mean") is not None for row in rows)
            ]  # fmt: skip
            if metrics:
                yield Task(name, kind, rows, metrics)
