"""The sections of the page that show scores."""

from __future__ import annotations

from x2static.page.html import Child, Html, element
from x2static.report.charts import bars
from x2static.report.run_folder import RunFolder, Table, number, text
from x2static.report.run_folder import table as as_table
from x2static.report.score_rows import Pair, Task, downstream, groups, mean_figure, similarity_rows
from x2static.report.tables import change, language, panels, percent, table, whole

_METHODS = {"nn": "nearest neighbour", "csls": "CSLS"}
_METRICS = {"f1": "F1", "exact_match": "exact match", "accuracy": "accuracy"}


def bli_section(found: list[Pair], hub: str | None) -> Html | None:
    """Translation by nearest neighbours."""
    if not found:
        return None
    tabs: list[tuple[str, Child]] = [
        (_tab(method, hub, is_forward=is_forward), _bli_table(some))
        for method, is_forward, some in groups(found)
    ]
    note = (
        "Share of dictionary words whose translation is the nearest word (P@1) or among the first "
        "5 or 10, times 100, over the covered words; strict counts uncovered words as wrong."
    )
    return section("bli", "Bilingual dictionaries", note, _legend(), panels("bli", tabs))


def retrieval_section(run: RunFolder, found: list[Pair], hub: str | None) -> Html | None:
    """Sentence retrieval."""
    if not found:
        return None
    tabs: list[tuple[str, Child]] = []
    for method, is_forward, some in groups(found):
        rows = [
            [
                language(pair.language), _two(pair, "accuracy"),
                *_before_after(pair, "accuracy"),
                percent(number(pair.after or pair.before, "coverage"), 0),
                whole(number(pair.after or pair.before, "sentences")),
            ]
            for pair in some
        ]  # fmt: skip
        rows += _mean_row(some, "accuracy", 2)
        heads = ["Language", "", "before", "after", "change", "coverage %", "sentences"]
        tabs.append(
            (
                _tab(method, hub, is_forward=is_forward),
                table("Retrieval", heads, rows, numbers_from=2),
            )
        )
    note = "Share of sentences whose translation is the nearest sentence, times 100."
    with_what = _encoders(run)
    said = element("p", f"Sentences were encoded by {with_what}.", class_="soft small")
    return section("retrieval", "Sentence retrieval", note, _legend(),
                   said if with_what else None, panels("retrieval", tabs))  # fmt: skip


def similarity_section(run: RunFolder) -> Html | None:
    """Word similarity."""
    rows = [
        [
            language(code), element("bdi", text(row, "dataset")),
            bars([("one", number(row, "spearman"))]),
            *(percent(number(row, name)) for name in ("spearman", "pearson", "harmonic")),
            percent(number(row, "coverage"), 0), whole(number(row, "pairs")),
        ]
        for code, row in similarity_rows(run)
    ]  # fmt: skip
    if not rows:
        return None
    heads = ["Language", "test set", "", "Spearman", "Pearson", "harmonic", "coverage %", "pairs"]
    note = (
        "Agreement of cosines with people's judgements, times 100, over the covered pairs; "
        "of the vectors before alignment, which rotations do not change."
    )
    return section("similarity", "Word similarity", note,
                   table("Word similarity", heads, rows, numbers_from=3))  # fmt: skip


def downstream_section(run: RunFolder) -> Html | None:
    """Zero-shot tasks."""
    tasks = list(downstream(run))
    if not tasks:
        return None
    parts = [
        (f"{task.name} ({task.kind}): {_METRICS[metric]}", _task_table(task, metric))
        for task in tasks
        for metric in task.metrics
    ]
    note = "After fine-tuning in one language; mean over seeds ± standard deviation, times 100."
    return section("downstream", "Zero-shot tasks", note, panels("downstream", parts))


def section(key: str, title: str, note: str, *content: Child) -> Html:
    """A part of the page, with an anchor."""
    return element(
        "section", element("h2", title), element("p", note, class_="soft small"), content, id=key
    )


def _bli_table(some: list[Pair]) -> Html:
    heads = [
        "Language", "", "P@1 before", "P@1 after", "change", "P@5", "P@10", "MRR", "strict P@1",
        "coverage %", "words",
    ]  # fmt: skip
    rows: list[list[Child]] = [
        [
            language(pair.language), _two(pair, "p@1"), *_before_after(pair, "p@1"),
            *(percent(number(pair.after, name)) for name in ("p@5", "p@10", "mrr", "strict_p@1")),
            percent(number(pair.after or pair.before, "coverage"), 0),
            whole(number(pair.after or pair.before, "queries")),
        ]
        for pair in some
    ]  # fmt: skip
    return table("Bilingual dictionaries", heads, rows + _mean_row(some, "p@1", 6), numbers_from=2)


def _before_after(pair: Pair, name: str) -> list[Child]:
    before, after = number(pair.before, name), number(pair.after, name)
    return [percent(before), element("strong", percent(after)), change(before, after)]


def _mean_row(some: list[Pair], name: str, more: int) -> list[list[Child]]:
    if len(some) < 2:
        return []
    before, after = (mean_figure(some, name, when) for when in ("before", "after"))
    drawn = bars([("before", before), ("after", after)])
    both = [percent(before), element("strong", percent(after)), change(before, after)]
    return [[element("em", "mean"), drawn, *both, *[""] * more]]


def _two(pair: Pair, name: str) -> Html:
    return bars([("before", number(pair.before, name)), ("after", number(pair.after, name))])


def _tab(method: str, hub: str | None, *, is_forward: bool) -> str:
    other = hub or "the hub"
    way = f"to {other}" if is_forward else f"from {other}"
    return f"{way}, {_METHODS.get(method, method)}" if method else way


def _legend() -> Html:
    return element(
        "p", element("span", class_="key before"), " before  ",
        element("span", class_="key after"), " after", class_="small", aria_hidden="true",
    )  # fmt: skip


def _encoders(run: RunFolder) -> str:
    """What encoded the sentences before and after, such as ``vectors/de + vectors/en, ...``."""
    shown: dict[str, str] = {}
    for when in ("before", "after"):
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


def _task_table(task: Task, metric: str) -> Html:
    models = list(dict.fromkeys(text(row, "model") for row in task.rows))
    cells: dict[tuple[str, str], dict[str, Table]] = {}
    for row in task.rows:
        key = (text(row, "set"), text(row, "language"))
        cells.setdefault(key, {})[text(row, "model")] = as_table(row.get(metric))
    rows = []
    for (name, code), found in cells.items():
        figures = [found.get(model, {}) for model in models]
        drawn = bars([(f"m{place % 4}", number(one, "mean")) for place, one in enumerate(figures)])
        is_average = code in ("average", "zero-shot")
        rows.append([
            element("em", code) if is_average else language(code), element("bdi", name), drawn,
            *map(_spread, figures),
        ])  # fmt: skip
    keys = [
        element("span", element("span", class_=f"key m{place % 4}"), " ", element("bdi", model))
        for place, model in enumerate(models)
    ]
    return table(f"{task.name}, {_METRICS[metric]}", ["Language", "test set", "", *keys], rows,
                 numbers_from=3)  # fmt: skip


def _spread(figure: Table) -> str:
    mean, deviation = number(figure, "mean"), number(figure, "sd")
    if deviation is None:
        return percent(mean)
    return f"{percent(mean)} ±{percent(deviation)}"
