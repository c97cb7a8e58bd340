"""The page put together: title, figures at a glance, what to look at twice, sections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from x2static.page.document import document, part
from x2static.page.html import Child, Html, element
from x2static.report.draw.tables import counted, percent
from x2static.report.read.run_folder import RunFolder, text
from x2static.report.read.run_folder import table as as_table
from x2static.report.read.score_rows import Measured, groups, mean_figure
from x2static.report.read.spaces import Space
from x2static.report.read.word_examples import Atlas, Example
from x2static.report.sections.added_section import added_section
from x2static.report.sections.corpus_section import corpus_section
from x2static.report.sections.downstream_section import downstream_section
from x2static.report.sections.errors_section import errors_section
from x2static.report.sections.language_section import language_section
from x2static.report.sections.matrix_section import matrix_section
from x2static.report.sections.provenance_section import provenance_section, task_section
from x2static.report.sections.remarks import Remark, remarks
from x2static.report.sections.score_sections import changed_by, score_section
from x2static.report.sections.training_section import training_section
from x2static.report.sections.word_sections import map_data, map_section, neighbors_section

_FEW = 8
_STYLES = (
    ("x2static.page", "style.css"),
    ("x2static.languages.draw", "pictures.css"),
    ("x2static.report", "style.css"),
)


@dataclass(frozen=True, kw_only=True)
class PageParts:
    """All that the page shows; `home` is the language of the example words."""

    run: RunFolder
    home: str
    spaces: list[Space]
    scores: list[Measured]
    examples: list[Example]
    atlas: Atlas | None
    vocabulary: int


class Page(NamedTuple):
    """What was made.

    Attributes:
        text: the page.
        missing: names of the sections for which the folder holds nothing.
        remarks: what the page says first.
    """

    text: str
    missing: list[str]
    remarks: list[Remark]


def page(pieces: PageParts) -> Page:
    """The whole page; the remarks come last, since sections read files and note what is damaged."""
    run = pieces.run
    sections: dict[str, Html | None] = {
        **{one.view.section: score_section(run, one) for one in pieces.scores},
        "retrieval between all languages": matrix_section(run),
        "word by word": errors_section(run),
        "zero-shot tasks": downstream_section(run),
        "training": training_section(run),
        "added languages": added_section(run),
        "languages": language_section(run),
        "neighbours": neighbors_section(
            pieces.examples, pieces.spaces, pieces.home, pieces.vocabulary, run.rejected
        ),
        "map": map_section(pieces.atlas, _left_out(pieces), run.rejected),
        "corpora": corpus_section(run),
        "tasks": task_section(run),
        "settings": provenance_section(run),
    }
    found = remarks(run, pieces.scores, pieces.spaces)
    missing = [name for name, made in sections.items() if made is None]
    name = run.root.resolve().name
    links = [
        element("a", title, href=f"#{_anchor(made)}")
        for title, made in sections.items()
        if made is not None
    ]
    absent = None
    if missing:
        line = f"The folder holds nothing for: {', '.join(missing)}."
        absent = element("p", line, class_="soft small")
    body = [
        element("a", "to the content", href="#content", class_="skip"),
        element("header", element("h1", element("bdi", name)), _about(pieces), class_="top"),
        element("nav", links, aria_label="Sections"),
        element(
            "main",
            _tiles(pieces, found),
            _remark_lists(found),
            list(sections.values()),
            absent,
            id="content",
        ),
    ]
    made = document(
        f"{name} · X2Static report",
        body,
        style="".join(part(package, name) for package, name in _STYLES),
        script=part("x2static.report", "script.js") + part("x2static.page", "downloads.js"),
        data=map_data(pieces.atlas),
    )
    return Page(made, missing, found)


def _anchor(made: Html) -> str:
    return made.split('id="', 1)[1].split('"', 1)[0]


def _about(pieces: PageParts) -> Html:
    run = pieces.run
    parts = [counted(len(run.languages), "language")]
    if run.hub:
        parts.append(f"hub {run.hub}")
    if teacher := text(run.plan, "teacher"):
        parts.append(f"teacher {teacher}")
    if version := text(as_table(run.plan.get("versions")), "x2static-workbench"):
        parts.append(f"made by x2static-workbench {version}")
    return element("p", "X2Static report · ", " · ".join(parts), class_="soft")


def _tiles(pieces: PageParts, found: list[Remark]) -> Html:
    """Figures at a glance."""
    num_languages = len(pieces.run.languages)
    tiles = [_tile(str(num_languages), "language" if num_languages == 1 else "languages")]
    for one in pieces.scores:
        if not one.view.tile:
            continue
        figure, name, what = one.figure, one.view.tile, changed_by(pieces.run, one)
        for _, is_forward, some in groups(one.pairs)[:1]:
            before, after = (mean_figure(some, figure, when) for when in ("before", "after"))
            way = f"{'into' if is_forward else 'from'} {pieces.run.hub or 'the hub'}"
            when = f"{'before' if after is None else 'after'} {what}".rstrip()
            said = f"{name} {way}, mean, {when}"
            if before is not None and after is not None:
                said += f"; {percent(before)} % before"
            if after is not None and what == "alignment" and pieces.run.rejected:
                said += f"; {counted(len(pieces.run.rejected), 'language')} written unaligned"
            tiles.append(_tile(f"{percent(before if after is None else after)} %", said))
    if pieces.run.tasks:
        done = sum(task.get("state") == "done" for task in pieces.run.tasks)
        real = sum(task.get("state") != "skipped" for task in pieces.run.tasks)
        tiles.append(_tile(f"{done} / {real}", "tasks done"))
    failures = sum(one.is_failure for one in found)
    tiles.append(_tile(str(failures), "failures", "bad" if failures else ""))
    tiles.append(_tile(str(len(found) - failures), "warnings"))
    return element("div", tiles, class_="tiles")


def _tile(figure: str, said: str, kind: str = "") -> Html:
    return element(
        "div", element("strong", figure), element("span", said), class_=f"tile {kind}".strip()
    )


def _remark_lists(found: list[Remark]) -> Html | None:
    if not found:
        return None
    failures = [one for one in found if one.is_failure]
    doubts = [one for one in found if not one.is_failure]
    parts: list[Child] = []
    for some, kind, title in (
        (failures, "bad", "Failures"),
        (doubts, "doubt", "Warnings: look at these twice"),
    ):
        if some:
            parts.append(
                element(
                    "div",
                    element("h2", title),
                    _list(some[:_FEW]),
                    _more(some[_FEW:]),
                    class_=f"remarks {kind}",
                )
            )
    return element("section", parts, id="remarks")


def _list(some: list[Remark]) -> Html:
    return element(
        "ul",
        [element("li", element("code", one.place), " ", element("bdi", one.line)) for one in some],
    )


def _more(some: list[Remark]) -> Html | None:
    if not some:
        return None
    return element("details", element("summary", f"{len(some)} more"), _list(some))


def _left_out(pieces: PageParts) -> list[str]:
    if pieces.atlas is None:
        return []
    return [name for name in pieces.spaces[-1].languages if name not in pieces.atlas.languages]
