"""The sections of the page that show scores."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from x2static.core.language import name_of
from x2static.page.html import Child, Html, element
from x2static.report.charts import bars
from x2static.report.run_folder import RunFolder, Table, number, text
from x2static.report.run_folder import table as as_table
from x2static.report.score_rows import Pair, groups, mean_figure, similarity_rows
from x2static.report.tables import (
    change,
    correlation,
    language,
    panels,
    percent,
    share,
    table,
    whole,
)

_WHEN = ("before", "after")
_METHODS = {"nn": "nearest neighbour", "csls": "CSLS"}


def bli_section(run: RunFolder, found: list[Pair]) -> Html | None:
    """Translation by nearest neighbours."""
    if not found:
        return None
    tabs: list[tuple[str, Child]] = [
        (_tab(method, run.hub, is_forward=is_forward), _bli_table(some, run.rejected))
        for method, is_forward, some in groups(found)
    ]
    note = (
        "How often a dictionary's translation is the nearest word of the other language (P@1) or "
        "among the nearest 5 or 10; MRR: the mean of 1 / the place of the right word. All times "
        "100, over the words that have vectors (coverage); strict P@1 counts the others as wrong. "
        "CSLS takes off how near a word is to everything. In brackets: Wilson's 95 % interval. "
        + _measured(found, "alignment")
        + _rejected(run)
    )
    legend = _legend("alignment")
    return section("bli", "Bilingual dictionaries", note, legend, panels("bli", tabs))


def retrieval_section(run: RunFolder, found: list[Pair]) -> Html | None:
    """Sentence retrieval."""
    if not found:
        return None
    tabs: list[tuple[str, Child]] = []
    what = changed_by(run)
    rejected = run.rejected if what == "alignment" else {}
    for method, is_forward, some in groups(found):
        rows = [
            [
                language(pair.language, rejected), _two(pair, "accuracy"),
                *_before_after(pair, "accuracy", "sentences"),
                percent(number(pair.last, "coverage"), 0),
                whole(number(pair.last, "sentences")),
            ]
            for pair in some
        ]  # fmt: skip
        rows += _mean_row(some, "accuracy", 2)
        heads = ["Language", "", "before", "after", "change", "coverage %", "sentences"]
        tabs.append(
            (
                _tab(method, run.hub, is_forward=is_forward),
                table("Retrieval", heads, rows, numbers_from=2),
            )
        )
    what = what or "the change"
    note = (
        "How often a sentence's translation is the nearest sentence of the other language, times "
        f"100. In brackets: Wilson's 95 % interval. {_measured(found, what)}"
        + (_rejected(run) if rejected else "")
    )
    with_what = _encoders(run)
    said = element("p", f"Sentences were encoded by {with_what}.", class_="soft small")
    return section("retrieval", "Sentence retrieval", note, said if with_what else None,
                   _legend(what), panels("retrieval", tabs))  # fmt: skip


def changed_by(run: RunFolder) -> str:
    """What lies between the two retrieval scores: training, alignment, or nothing known."""
    for when in _WHEN:
        for _, content in run.scores(f"retrieval.{when}"):
            settings = as_table(as_table(content.get("run")).get("settings"))
            if text(settings, "model"):
                return "training"
            if settings.get("vectors"):
                return "alignment"
    return ""


def similarity_section(run: RunFolder) -> Html | None:
    """Word similarity."""
    rows = [
        [
            language(code), element("bdi", text(row, "dataset")),
            bars([("one", number(row, "spearman"))]),
            *(correlation(number(row, name), _covered(row), ranks=name == "spearman")
              for name in ("spearman", "pearson")),
            percent(number(row, "harmonic")),
            percent(number(row, "coverage"), 0), whole(number(row, "pairs")),
        ]
        for code, row in similarity_rows(run)
    ]  # fmt: skip
    if not rows:
        return None
    heads = ["Language", "test set", "", "Spearman", "Pearson", "harmonic", "coverage %", "pairs"]
    note = (
        "How far cosines agree with people's judgements: correlations of "
        "ranks (Spearman) and of values (Pearson), and their harmonic mean; times 100, over the "
        "pairs whose words both have vectors (coverage). In brackets: 95 % intervals by Fisher's z."
        + _which_vectors(run)
    )
    return section("similarity", "Word similarity", note,
                   table("Word similarity", heads, rows, numbers_from=3))  # fmt: skip


def _covered(row: Table) -> float | None:
    """Pairs that a correlation is of; records of earlier versions lack the number."""
    pairs, coverage = number(row, "pairs"), number(row, "coverage")
    known = None if pairs is None or coverage is None else round(pairs * coverage)
    return number(row, "covered") if "covered" in row else known


def section(key: str, title: str, note: str, *content: Child) -> Html:
    """A part of the page, with an anchor."""
    return element(
        "section", element("h2", title), element("p", note, class_="soft small"), content, id=key
    )


def _bli_table(some: list[Pair], rejected: Mapping[str, str]) -> Html:
    heads = [
        "Language", "", "P@1 before", "P@1 after", "change", "P@5", "P@10", "MRR", "strict P@1",
        "coverage %", "words",
    ]  # fmt: skip
    rows: list[list[Child]] = [
        [
            language(pair.language, rejected), _two(pair, "p@1"),
            *_before_after(pair, "p@1", "queries"),
            *(share(number(pair.last, name), number(pair.last, "queries"))
              for name in ("p@5", "p@10")),
            percent(number(pair.last, "mrr")),
            share(number(pair.last, "strict_p@1"), number(pair.last, "dictionary_queries")),
            percent(number(pair.last, "coverage"), 0), whole(number(pair.last, "queries")),
        ]
        for pair in some
    ]  # fmt: skip
    rows += _mean_row(some, "p@1", 6)
    if _is_mixed(some):
        heads.append("P@5 to words")
        times = ["after" if pair.after else "before" for pair in some]
        for row, time in zip(rows, [*times, ""], strict=False):
            row.append(time)
    return table("Bilingual dictionaries", heads, rows, numbers_from=2)


def _is_mixed(some: list[Pair]) -> bool:
    """Whether some were measured afterwards and some were not."""
    return len({bool(pair.after) for pair in some}) > 1


def _measured(found: list[Pair], what: str) -> str:
    """Which of the two times the single columns are of."""
    if _is_mixed(found):
        return f"Some languages were measured before {what} only: all their columns are of then."
    if not found[0].after:
        return f"So far measured before {what} only."
    return f"Columns without a time are those after {what}."


def _rejected(run: RunFolder) -> str:
    """What "after" means for languages that were left as they were."""
    if not run.rejected:
        return ""
    names = ", ".join(name_of(code) for code in run.rejected)
    return f" {names}: the alignment was rejected, so before and after are the same vectors."


def _before_after(pair: Pair, name: str, items: str) -> list[Child]:
    before, after = number(pair.before, name), number(pair.after, name)
    return [
        share(before, number(pair.before, items)),
        share(after, number(pair.after, items), strong=True), change(before, after),
    ]  # fmt: skip


def _mean_row(some: list[Pair], name: str, more: int) -> list[list[Child]]:
    if len(some) < 2:
        return []
    before, after = (mean_figure(some, name, when) for when in ("before", "after"))
    drawn = bars([("before", before), ("after", after)])
    both = [percent(before), element("strong", percent(after)), change(before, after)]
    twice = sum(None not in (number(p.before, name), number(p.after, name)) for p in some)
    said = f"mean of the {twice} measured twice" if 0 < twice < len(some) else "mean"
    return [[element("em", said), drawn, *both, *[""] * more]]


def _two(pair: Pair, name: str) -> Html:
    return bars([("before", number(pair.before, name)), ("after", number(pair.after, name))])


def _tab(method: str, hub: str | None, *, is_forward: bool) -> str:
    other = hub or "the hub"
    way = f"to {other}" if is_forward else f"from {other}"
    return f"{way}, {_METHODS.get(method, method)}" if method else way


def _legend(what: str) -> Html:
    keys = [
        [element("span", class_=f"key {when}"), f" {when} {what}".rstrip(), "  "] for when in _WHEN
    ]
    return element("p", keys, class_="small legend", aria_hidden="true")


def _which_vectors(run: RunFolder) -> str:
    """Those of which similarity was measured, if the records say and agree."""
    folders = set()
    for _, content in run.scores("similarity"):
        settings = as_table(as_table(content.get("run")).get("settings"))
        folders.add(Path(text(settings, "vectors")).parent.name)
    titles = {"vectors": "before", "aligned": "after"}
    said = titles.get(folders.pop()) if len(folders) == 1 else None
    return f" Of the vectors {said} alignment." if said else ""


def _encoders(run: RunFolder) -> str:
    """What encoded the sentences before and after, such as ``vectors/de + vectors/en, ...``."""
    shown: dict[str, str] = {}
    for when in _WHEN:
        for _, content in run.scores(f"retrieval.{when}"):
            settings = as_table(as_table(content.get("run")).get("settings"))
            model, vectors = text(settings, "model"), settings.get("vectors")
            if model:
                shown[when] = f"the model {model}, layer {settings.get('layer')}"
            elif isinstance(vectors, list) and vectors:
                shown[when] = "the mean of static vectors"
            break
    if len(set(shown.values())) == 1:
        return next(iter(shown.values()))
    return "; ".join(f"{what} ({when})" for when, what in shown.items())
