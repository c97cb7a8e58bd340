"""The page put together: title, figures at a glance, what to look at twice, sections."""

from __future__ import annotations

from dataclasses import dataclass

from x2static.page.document import document, part
from x2static.page.html import Child, Html, element
from x2static.report.corpus_section import corpus_section
from x2static.report.provenance_section import provenance_section, task_section
from x2static.report.remarks import Remark
from x2static.report.run_folder import RunFolder, text
from x2static.report.score_rows import Pair, groups, mean_figure
from x2static.report.score_sections import (
    bli_section,
    downstream_section,
    retrieval_section,
    similarity_section,
)
from x2static.report.spaces import Space
from x2static.report.tables import percent
from x2static.report.training_section import training_section
from x2static.report.word_examples import Atlas, Example
from x2static.report.word_sections import map_data, map_section, neighbors_section

_FEW = 8


@dataclass(frozen=True, kw_only=True)
class Pieces:
    """All that the page shows."""

    run: RunFolder
    hub: str | None
    spaces: list[Space]
    bli: list[Pair]
    retrieval: list[Pair]
    examples: list[Example]
    atlas: Atlas | None
    vocabulary: int
    remarks: list[Remark]


def page(pieces: Pieces) -> tuple[str, list[str]]:
    """The page, and the names of the sections for which the folder holds nothing."""
    run, hub = pieces.run, pieces.hub
    sections: dict[str, Html | None] = {
        "dictionaries": bli_section(pieces.bli, hub),
        "retrieval": retrieval_section(run, pieces.retrieval, hub),
        "similarity": similarity_section(run),
        "zero-shot tasks": downstream_section(run),
        "training": training_section(run),
        "neighbours": neighbors_section(
            pieces.examples, pieces.spaces, hub or "", pieces.vocabulary
        ),
        "map": map_section(pieces.atlas, _left_out(pieces)),
        "corpora": corpus_section(run),
        "tasks": task_section(run),
        "settings": provenance_section(run),
    }
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
            "main", _tiles(pieces), _remark_lists(pieces.remarks), list(sections.values()), absent,
            id="content",
        ),
    ]  # fmt: skip
    made = document(
        f"{name} · X2Static report",
        body,
        style=part("x2static.page", "style.css") + part("x2static.report", "style.css"),
        script=part("x2static.report", "script.js"),
        data=map_data(pieces.atlas),
    )
    return made, missing


def _anchor(made: Html) -> str:
    return made.split('id="', 1)[1].split('"', 1)[0]


def _about(pieces: Pieces) -> Html:
    parts = [f"{len(pieces.run.languages)} languages"]
    if pieces.hub:
        parts.append(f"hub {pieces.hub}")
    if teacher := text(pieces.run.plan, "teacher"):
        parts.append(f"teacher {teacher}")
    return element("p", "X2Static report · ", " · ".join(parts), class_="soft")


def _tiles(pieces: Pieces) -> Html:
    """Figures at a glance."""
    tiles = [_tile(str(len(pieces.run.languages)), "languages")]
    for found, figure, name in (
        (pieces.bli, "p@1", "mean P@1"), (pieces.retrieval, "accuracy", "mean retrieval accuracy"),
    ):  # fmt: skip
        for method, is_forward, some in groups(found)[:1]:
            before, after = (mean_figure(some, figure, when) for when in ("before", "after"))
            way = "to" if is_forward else "from"
            shown = percent(after if after is not None else before)
            said = f"{name} {way} {pieces.hub or 'the hub'}, {method}"
            if before is not None and after is not None:
                said += f"; {percent(before)} before"
            tiles.append(_tile(shown, said))
    if pieces.run.tasks:
        done = sum(task.get("state") == "done" for task in pieces.run.tasks)
        real = sum(task.get("state") != "skipped" for task in pieces.run.tasks)
        tiles.append(_tile(f"{done} / {real}", "tasks done"))
    failures = sum(one.is_failure for one in pieces.remarks)
    tiles.append(_tile(str(failures), "failures", "bad" if failures else ""))
    tiles.append(_tile(str(len(pieces.remarks) - failures), "warnings"))
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
        (doubts, "doubt", "Look at these twice"),
    ):
        if some:
            parts.append(element(
                "div", element("h2", title), _list(some[:_FEW]), _more(some[_FEW:]),
                class_=f"remarks {kind}",
            ))  # fmt: skip
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


def _left_out(pieces: Pieces) -> list[str]:
    if pieces.atlas is None:
        return []
    return [name for name in pieces.spaces[-1].languages if name not in pieces.atlas.languages]
