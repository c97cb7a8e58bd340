"""Word by word behind a dictionary's score: ranks, frequencies, cosines, and the wrong answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from x2static.page.html import Child, Html, element
from x2static.report.draw.charts import bars
from x2static.report.draw.tables import language, percent, table, word
from x2static.report.read.run_folder import RunFolder, Table, tables
from x2static.report.read.run_folder import table as as_table
from x2static.report.sections.score_sections import section

_KEYS = ("query", "gold", "got", "rank", "cosine", "query_frequency_rank", "identical")
_SHOWN = 40
_MOST_LANGUAGES = 12
_RANKS = (("1", 1, 1), ("2 to 5", 2, 5), ("6 to 10", 6, 10), ("11 to 100", 11, 100))
_FREQUENCIES = (
    ("1 to 1,000", 1, 1_000),
    ("1,001 to 5,000", 1_001, 5_000),
    ("5,001 to 20,000", 5_001, 20_000),
)
_END = 10**12


@dataclass(frozen=True)
class Answered:
    """What became of one query."""

    query: str
    gold: str
    got: str
    rank: int
    cosine: float
    frequency_rank: int
    identical: bool

    @property
    def is_right(self) -> bool:
        """Whether it found a translation first."""
        return self.rank == 1


def errors_section(run: RunFolder) -> Html | None:
    """A fold for each language whose scores tell of their words; the last time measured."""
    folds: list[Html] = []
    for code in run.languages:
        if found := _answers(run, code):
            folds.append(_fold(code, found, is_open=not folds))
    if not folds:
        return None
    note = (
        "The queries of each dictionary to the hub, after the alignment where there is one. Shares "
        "of few words say little. A rank of 101 or more counts as far. Answers that are no "
        "dictionary's may still be right: inflected forms and synonyms count as wrong."
    )
    return section("errors", "Word by word", note, folds[:_MOST_LANGUAGES])


def _answers(run: RunFolder, code: str) -> list[Answered]:
    for when in ("after", "before"):
        content = run.read(run.root / "scores" / f"bli.{when}" / f"{code}.json")
        for row in tables(content.get("rows")):
            if found := _parsed(as_table(row.get("words"))):
                return found
    return []


def _parsed(columns: Table) -> list[Answered]:
    """The queries of a score; none where its columns are not as they should be."""
    parts = [columns.get(key) for key in _KEYS]
    if not all(isinstance(part, list) for part in parts):
        return []
    lists: list[list[Any]] = [part for part in parts if isinstance(part, list)]
    if len({len(part) for part in lists}) != 1:
        return []
    found = []
    for query, gold, got, rank, cosine, frequency, identical in zip(*lists, strict=True):
        texts, numbers = (query, gold, got), (rank, cosine, frequency)
        if all(isinstance(text, str) for text in texts) and all(
            isinstance(number, (int, float)) and math.isfinite(number) for number in numbers
        ):
            found.append(
                Answered(
                    query, gold, got, int(rank), float(cosine), int(frequency), bool(identical)
                )
            )
    return found


def _fold(code: str, found: Sequence[Answered], *, is_open: bool) -> Html:
    right = sum(one.is_right for one in found)
    head = element("summary", language(code), f": {right:,} of {len(found):,} right")
    cosines = [one.cosine for one in found]
    edges = _edges(min(cosines), max(cosines))
    charts = [
        _shares("Rank of the translation", found, lambda one: one.rank or _END,
                [*_RANKS, ("far", 101, _END)]),
        _precisions("Frequency rank of the query", found, lambda one: one.frequency_rank,
                    [*_FREQUENCIES, ("beyond", 20_001, _END)]),
        _precisions("Cosine of the answer", found, lambda one: one.cosine, edges),
    ]  # fmt: skip
    wrong = sorted((one for one in found if not one.is_right), key=lambda one: one.frequency_rank)
    rows: list[list[Child]] = [
        [
            word(one.query, code),
            word(one.gold),
            word(one.got),
            "far" if one.rank > 100 or not one.rank else str(one.rank),
            f"{one.cosine:.2f}",
            f"{one.frequency_rank:,}",
        ]
        for one in wrong[:_SHOWN]
    ]
    heads = ["query", "dictionary", "answer", "rank", "cosine", "frequency rank"]
    said = element("p", f"The {len(rows)} most frequent queries that went wrong:", class_="small")
    listed = table(f"Wrong answers, {code}", heads, rows, numbers_from=3) if rows else None
    return element("details", head, charts, said if rows else None, listed, open=is_open)


Band = tuple[str, float, float]
Measure = Callable[[Answered], float]


def _edges(least: float, most: float) -> list[Band]:
    """Five bands of equal width."""
    step = max(most - least, 1e-6) / 5
    return [
        (
            f"{least + at * step:.2f} to {least + (at + 1) * step:.2f}",
            least + at * step,
            least + (at + 1) * step if at < 4 else most + 1,
        )
        for at in range(5)
    ]


def _within(found: Sequence[Answered], measure: Measure, band: Band) -> list[Answered]:
    _, low, high = band
    if isinstance(low, int):  # ranks, both ends included
        return [one for one in found if low <= measure(one) <= high]
    return [one for one in found if low <= measure(one) < high]


def _shares(title: str, found: Sequence[Answered], measure: Measure, bands: Sequence[Band]) -> Html:
    """How many queries fall into each band."""
    rows: list[list[Child]] = []
    for band in bands:
        count = len(_within(found, measure, band))
        share = count / len(found)
        rows.append([band[0], bars([("one", share)]), f"{count:,}", percent(share)])
    return table(title, [title, "", "queries", "%"], rows, numbers_from=2)


def _precisions(
    title: str, found: Sequence[Answered], measure: Measure, bands: Sequence[Band]
) -> Html:
    """Precision at 1 within each band."""
    rows: list[list[Child]] = []
    for band in bands:
        some = _within(found, measure, band)
        share = sum(one.is_right for one in some) / len(some) if some else None
        rows.append([band[0], bars([("one", share)]), f"{len(some):,}", percent(share)])
    return table(title, [title, "", "queries", "P@1"], rows, numbers_from=2)
