"""Per-language tables: for a terminal, as Markdown like the paper's, and as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eval.downstream.spread import Spread, average, difference
from x2static.core.scores.intervals import Interval, share_interval, shown

_PER_BLOCK = 10  # languages beside each other in Markdown, as in the paper
_WIDTH = len("[100.0, 100.0]")
GAP = "transfer gap"
_TITLES = {"f1": "F1", "exact_match": "EM", "accuracy": "accuracy"}


@dataclass(frozen=True)
class ScoreRow:
    """One model on one test set of one language.

    Attributes:
        model: its label.
        set: name of the test set.
        language: its label in the table.
        trained: the place of its language among those trained on; None: it is none of them.
        spreads: scores over the seeds, by metric.
        counts: how much was tested and what was left out.
    """

    model: str
    set: str
    language: str
    trained: int | None
    spreads: Mapping[str, Spread]
    counts: Mapping[str, int]

    @property
    def is_zero_shot(self) -> bool:
        """Whether nothing was learned from its language."""
        return self.trained is None

    @property
    def items(self) -> tuple[int, str]:
        """How many independent things were tested, and what they are called."""
        name = next((one for one in ("questions", "pairs") if one in self.counts), "sentences")
        return self.counts.get(name, 0), name

    def intervals(self) -> dict[str, Interval]:
        """Of each mean over the seeds, from the items of the test set.

        The F1 of answers is a mean of figures between 0 and 1, whose interval is no wider than
        that of a share. The F1 of tags is none of either: no interval is given.
        """
        of_words = {"accuracy": self.counts.get("words", self.counts.get("pairs", 0))}
        of_questions = dict.fromkeys(("f1", "exact_match"), self.counts.get("questions", 0))
        items = {**of_words, **of_questions}
        found = {m: share_interval(s.mean, items.get(m, 0)) for m, s in self.spreads.items()}
        return {metric: interval for metric, interval in found.items() if interval is not None}


def averages(rows: Sequence[ScoreRow]) -> Iterator[tuple[str, str, str, dict[str, Spread]]]:
    """(model, set, which, metric to spread): over all languages, and over those not trained on.

    The transfer gap is the score of the first language trained on, English mostly, less the mean of
    those not trained on.
    """
    for model, name in dict.fromkeys((row.model, row.set) for row in rows):
        mine = [row for row in rows if (row.model, row.set) == (model, name)]
        zero_shot = [row for row in mine if row.is_zero_shot]
        yield model, name, "average", _averaged(mine)
        if 0 < len(zero_shot) < len(mine):
            others = _averaged(zero_shot)
            yield model, name, "zero-shot", others
            if first := [row for row in mine if row.trained == 0]:
                start = _averaged(first)
                yield model, name, GAP, {m: difference(start[m], others[m]) for m in others}


def as_data(rows: Sequence[ScoreRow]) -> dict[str, Any]:
    """JSON-ready: figures between 0 and 1."""
    return {
        "rows": [
            {
                "model": row.model,
                "set": row.set,
                "language": row.language,
                "zero_shot": row.is_zero_shot,
                **row.counts,
                **{metric: spread.as_dict() for metric, spread in row.spreads.items()},
                "interval_95": row.intervals(),
            }
            for row in rows
        ],
        "averages": [
            {
                "model": model,
                "set": name,
                "over": which,
                **{metric: spread.as_dict() for metric, spread in spreads.items()},
            }
            for model, name, which, spreads in averages(rows)
        ],
    }


def as_text(rows: Sequence[ScoreRow]) -> str:
    """For a terminal: a line per language, a column per model and metric, in percent.

    Beside a mean over seeds stand their standard deviation, and its interval over test sets.
    """
    blocks = []
    for name in dict.fromkeys(row.set for row in rows):
        mine = [row for row in rows if row.set == name]
        models, metrics = _distinct(mine)
        lines = [[name, *(f"{m} {_TITLES[metric]}" for m in models for metric in metrics)]]
        cells = _cells(mine, with_intervals=True)
        for language in _labels(cells):
            texts = [cells[language].get((m, metric)) for m in models for metric in metrics]
            lines.append([language, *(text or "-" for text in texts)])
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        blocks.append(
            "\n".join(
                "  ".join(
                    [
                        cell.ljust(width) if place == 0 else cell.rjust(width)
                        for place, (cell, width) in enumerate(zip(line, widths, strict=True))
                    ]
                ).rstrip()
                for line in lines
            )
        )
    return "\n\n".join(blocks)


def as_markdown(rows: Sequence[ScoreRow]) -> str:
    """Like the paper's tables: a line per model, a column per language, one table per metric."""
    parts = []
    for name in dict.fromkeys(row.set for row in rows):
        mine = [row for row in rows if row.set == name]
        models, metrics = _distinct(mine)
        cells = _cells(mine)
        seeds = max(len(spread.values) for row in mine for spread in row.spreads.values())
        for metric in metrics:
            parts.append(f"### {name}: {_TITLES[metric]} (mean ± standard deviation of {seeds})")
            parts += _markdown_blocks(models, metric, cells)
    return "\n\n".join(parts) + "\n"


def _markdown_blocks(
    models: Sequence[str], metric: str, cells: Mapping[str, Mapping[tuple[str, str], str]]
) -> Iterator[str]:
    labels = _labels(cells)
    for first in range(0, len(labels), _PER_BLOCK):
        some = labels[first : first + _PER_BLOCK]
        lines = [f"| model | {' | '.join(some)} |", "|---" * (len(some) + 1) + "|"]
        for model in models:
            texts = [cells[label].get((model, metric), "-") for label in some]
            lines.append(f"| {model} | {' | '.join(texts)} |")
        yield "\n".join(lines)


def _cells(
    rows: Sequence[ScoreRow], *, with_intervals: bool = False
) -> dict[str, dict[tuple[str, str], str]]:
    """Shown scores by language (or kind of average), model and metric; averages come last."""
    cells: dict[str, dict[tuple[str, str], str]] = {}
    wide = _WIDTH + 1 if with_intervals and any(row.intervals() for row in rows) else 0
    for row in rows:
        intervals = row.intervals() if with_intervals else {}
        for metric, spread in row.spreads.items():
            text = spread.shown() + (f" {shown(intervals.get(metric)):{_WIDTH}}" if wide else "")
            cells.setdefault(row.language, {})[row.model, metric] = text
    for model, _, which, spreads in averages(rows):
        for metric, spread in spreads.items():
            cells.setdefault(which, {})[model, metric] = spread.shown() + (" " * wide)
    return cells


def _labels(cells: Mapping[str, Any]) -> list[str]:
    """Languages as they come, then the averages, unless there is but one language."""
    last = [label for label in ("average", "zero-shot", GAP) if label in cells]
    languages = [label for label in cells if label not in last]
    return languages + (last if len(languages) > 1 else [])


def _distinct(rows: Sequence[ScoreRow]) -> tuple[list[str], list[str]]:
    return list(dict.fromkeys(row.model for row in rows)), list(rows[0].spreads)


def _averaged(rows: Sequence[ScoreRow]) -> dict[str, Spread]:
    return {metric: average([row.spreads[metric] for row in rows]) for metric in rows[0].spreads}
