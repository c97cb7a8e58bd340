"""The main figure of every score in a run folder, one row each, and in a few lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from x2static.core.scores.paired import Paired, paired, shown_p
from x2static.report.read.run_folder import RunFolder, Table, number, table, text
from x2static.report.read.score_rows import Measured, downstream, measured

_MOST_LINES = 12


@dataclass(frozen=True)
class Score:
    """A figure of a run.

    Attributes:
        evaluation: its name, such as ``bli``.
        title: of the figure, such as ``P@1``.
        language: of the file it stands in.
        what: direction, method or test set.
        when: ``before`` or ``after``, nothing where it was measured once.
        value: the figure, between 0 and 1 (correlations from -1).
        found: which items were right, where that is known.
    """

    evaluation: str
    title: str
    language: str
    what: str
    when: str
    value: float
    found: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from the others of its run."""
        return self.evaluation, self.language, self.what, self.when


@dataclass(frozen=True)
class Change:
    """Two scores of the same thing; either may be missing.

    Attributes:
        first: the score that was, or None.
        second: the score that is, or None.
    """

    first: Score | None
    second: Score | None

    @property
    def known(self) -> Score:
        """The one that is there."""
        one = self.second or self.first
        if one is None:
            raise ValueError("a change of nothing")
        return one

    @property
    def difference(self) -> float | None:
        """Second less first."""
        if self.first is None or self.second is None:
            return None
        return self.second.value - self.first.value

    @property
    def test(self) -> Paired | None:
        """Where both tell of the same items."""
        if self.first is None or self.second is None:
            return None
        return paired(self.first.found, self.second.found)


def listed(run: RunFolder) -> list[Score]:
    """All main figures of a folder, in the order of the evaluations."""
    found = [score for one in measured(run) for score in _of(run, one)]
    for tested in downstream(run):
        metric = tested.metrics[0]
        for row in tested.rows:
            value = number(table(row.get(metric)), "mean")
            if value is not None:
                what = f"{Path(text(row, 'model')).name} {text(row, 'set')}".strip()
                found.append(Score(
                    tested.kind, tested.view.metrics[metric], text(row, "language"), what, "", value
                ))  # fmt: skip
    return found


def changes(first: Sequence[Score], second: Sequence[Score]) -> list[Change]:
    """The scores of two runs, paired by what they measure; the second's order, then the rest."""
    before = {score.key: score for score in first}
    after = {score.key: score for score in second}
    keys = [*after, *(key for key in before if key not in after)]
    return [Change(before.get(key), after.get(key)) for key in keys]


def summary(folder: Path) -> list[str]:
    """The scores of a run in a few lines: before and after on one, a mean where there are many."""
    scores = listed(RunFolder.open(folder))
    lines: list[str] = []
    for name in dict.fromkeys(score.evaluation for score in scores):
        rows = _rows([score for score in scores if score.evaluation == name])
        shown = [_line(key, row) for key, row in rows.items()]
        lines += shown[:_MOST_LINES]
        if len(shown) > _MOST_LINES:
            lines.append(f"  ... and {len(shown) - _MOST_LINES} more of {name}")
    return ["scores, times 100:", *lines] if lines else []


def _rows(scores: Sequence[Score]) -> dict[tuple[str, ...], dict[str, Score]]:
    rows: dict[tuple[str, ...], dict[str, Score]] = {}
    for score in scores:
        rows.setdefault(score.key[:-1], {})[score.when] = score
    return rows


def _line(key: tuple[str, ...], row: dict[str, Score]) -> str:
    one = next(iter(row.values()))
    head = f"  {one.evaluation} {' '.join(part for part in key[1:] if part)}: {one.title}"
    if "before" not in row or "after" not in row:
        when = f" {one.when}" if one.when else ""
        return f"{head} {100 * one.value:.1f}{when}"
    change = Change(row["before"], row["after"])
    test = f" (p {shown_p(change.test.p)})" if change.test else ""
    before, after = (100 * row[when].value for when in ("before", "after"))
    return f"{head} {before:.1f} before, {after:.1f} after{test}"


def _of(run: RunFolder, one: Measured) -> Iterator[Score]:
    main = one.view.columns[0]
    for pair in one.pairs:
        way = f"to {run.hub or 'the hub'}" if pair.is_forward else f"from {run.hub or 'the hub'}"
        what = f"{way} {pair.method}".strip()
        for when in ("before", "after"):
            yield from _score(one, main.title, pair.language, what, when, pair.figures(when))
    for language, row in one.rows:
        yield from _score(one, main.title, language, text(row, "dataset"), "", row)


def _score(
    one: Measured, title: str, language: str, what: str, when: str, row: Table
) -> Iterator[Score]:
    value = number(row, one.figure)
    if value is not None:
        yield Score(one.name, title, language, what, when, value, text(row, "found"))
