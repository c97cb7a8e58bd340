"""Neighbours of words across languages, and the map of words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from x2static.core.languages.language import name_of
from x2static.page.html import Child, Html, element
from x2static.report.draw.tables import UNALIGNED, badge, language, table, word
from x2static.report.read.spaces import Found, Space
from x2static.report.read.word_examples import Atlas, Example, WordMap
from x2static.report.sections.score_sections import section

MOST_LANGUAGES = 8  # as many colours and shapes as there are
_SIZE = 1000
_RADIUS = 0.46 * _SIZE
_MARGIN = 40
# Shapes drawn around (0, 0), so that colour is not the only sign of a language.
_SHAPES = (
    "M-6 0A6 6 0 1 0 6 0A6 6 0 1 0-6 0Z",
    "M-5-5H5V5H-5Z",
    "M0-7L6.5 5H-6.5Z",
    "M0-7L7 0L0 7L-7 0Z",
    "M0 7L-6.5-5H6.5Z",
    "M-2-6H2V-2H6V2H2V6H-2V2H-6V-2H-2Z",
    "M-6-3L0-7L6-3V4L0 7L-6 4Z",
    "M-5-6L0-2L5-6L6-5L2 0L6 5L5 6L0 2L-5 6L-6 5L-2 0L-6-5Z",
)


def neighbors_section(
    found: list[Example],
    spaces: list[Space],
    home: str,
    limit: int,
    rejected: Mapping[str, str],
) -> Html | None:
    """A fold for each word, the first two open."""
    if not found or not any(one.found for one in found):
        return None
    folds = [
        _fold(one, spaces, home, rejected, is_open=place < 2) for place, one in enumerate(found)
    ]
    note = (
        f"For some words of {name_of(home)}, the nearest words of each language by cosine, with "
        f"the cosine, among its {limit:,} most frequent. The words were not chosen by how well "
        "they come out. Translations should be near after the alignment."
    )
    return section("neighbors", "Neighbours across languages", note, folds)


def map_section(
    atlas: Atlas | None, left_out: list[str], rejected: Mapping[str, str]
) -> Html | None:
    """Words of several languages in the plane, before and after the alignment."""
    if atlas is None:
        return None
    share = len(atlas.words) // len(atlas.languages)
    note = (
        f"{len(atlas.words)} frequent content words, about {share} of each language, chosen apart "
        "from each other. Words with like vectors lie close together (t-SNE); distances between "
        "far groups mean nothing. Where languages share a space, they mix. Point at a word, tap "
        "it, or go by arrow keys to read it with the nearest words of the other languages."
    )
    keys = [
        element(
            "label",
            element("input", type="checkbox", checked=True, data_language=str(place)),
            _mark(place, "key-mark"),
            language(code, rejected),
        )
        for place, code in enumerate(atlas.languages)
    ]
    search = element(
        "label", "find ", element("input", type="search", id="find", maxlength="60"), class_="find"
    )
    controls = element("div", keys, search, class_="controls")
    maps = element("div", [_map(atlas, place) for place in range(len(atlas.maps))], class_="maps")
    rest = None
    if left_out:
        names = ", ".join(left_out)
        rest = element(
            "p", f"Not on the map: {names} (--map-languages chooses).", class_="soft small"
        )
    tip = element("div", id="tip", role="status", hidden=True)
    return section("map", "Map of words", note, controls, maps, tip, rest, _behind(atlas))


def map_data(atlas: Atlas | None) -> dict[str, Any]:
    """What the script shows when a point is chosen."""
    if atlas is None:
        return {}
    spellings: dict[str, int] = {}
    return {
        "languages": atlas.languages,
        "words": [text for _, text in atlas.words],
        "home": [place for place, _ in atlas.words],
        "near": [[_near(row, spellings) for row in one.near] for one in atlas.maps],
        "spellings": list(spellings),
    }


def _fold(
    example: Example, spaces: list[Space], home: str, rejected: Mapping[str, str], *, is_open: bool
) -> Html:
    languages = list(dict.fromkeys(code for _, code in example.found))
    languages.sort(key=lambda code: code != home)
    rows: list[list[Child]] = []
    for code in languages:
        cells: list[Child] = [
            badge(f"{UNALIGNED}: as before", rejected[code])
            if code in rejected and space.name == "aligned" and len(spaces) > 1
            else _words(example.found.get((space.name, code), []), code)
            for space in spaces
        ]
        rows.append([language(code, rejected), *cells])
    heads = ["Language", *(space.title for space in spaces)]
    shown = table(f"Neighbours of {example.word}", heads, rows, numbers_from=9)
    return element(
        "details", element("summary", word(example.word, home)), shown, open=is_open, class_="fold"
    )


def _words(found: Found, code: str) -> Child:
    if not found:
        return "–"
    return [
        element(
            "span",
            word(text, code),
            " ",
            element("span", f"{cosine:.2f}", class_="code"),
            " ",
            class_="near",
        )
        for text, cosine in found
    ]


def _map(atlas: Atlas, number: int) -> Html:
    chart = atlas.maps[number]
    points = [
        element(
            "use",
            href=f"#s{home % MOST_LANGUAGES}",
            class_=f"point l{home % MOST_LANGUAGES}",
            x=_place(chart.x[row]),
            y=_place(-chart.y[row]),
        )
        for row, (home, _) in enumerate(atlas.words)
    ]
    title = f"Map of words, {chart.title}"
    top = _SIZE / 2 - _RADIUS * max(chart.y) - _MARGIN
    height = _RADIUS * (max(chart.y) - min(chart.y)) + 2 * _MARGIN
    drawing = element(
        "svg",
        points,
        viewBox=f"0 {top:.0f} {_SIZE} {height:.0f}",
        role="img",
        tabindex="0",
        aria_label=f"{title}; arrow keys go from word to word",
        class_="map",
        data_map=str(number),
    )
    return element("figure", element("figcaption", _mixing(atlas, chart)), drawing)


def _near(row: list[tuple[int, Found]], spellings: dict[str, int]) -> list[list[int]]:
    """For each other language: its number, then word and hundredths of cosine in turn."""
    return [
        [
            other,
            *(
                part
                for text, cosine in pairs
                for part in (spellings.setdefault(text, len(spellings)), round(100 * cosine))
            ),
        ]
        for other, pairs in row
    ]


def _mixing(atlas: Atlas, chart: WordMap) -> Html:
    """The title, with the share of points whose nearest point is of another language.

    Beside it what the share were if a neighbour were any other point.
    """
    others = 0
    for row, (home, _) in enumerate(atlas.words):
        gaps = [
            ((chart.x[row] - x) ** 2 + (chart.y[row] - y) ** 2, other)
            for other, (x, y) in enumerate(zip(chart.x, chart.y, strict=True))
            if other != row
        ]
        others += atlas.words[min(gaps)[1]][0] != home
    count = len(atlas.words)
    share = f"{100 * others / count:.0f} %"
    sizes = Counter(home for home, _ in atlas.words).values()
    chance = sum(size * (count - size) for size in sizes) / (count * (count - 1))
    note = f" · the nearest point is of another language for {share}"
    if chance:
        note += f" (if languages lay wholly mixed: {100 * chance:.0f} %)"
    title = chart.title[:1].upper() + chart.title[1:]
    return element(
        "span",
        element("strong", title),
        element("span", note, class_="soft"),
    )


def _place(value: float) -> str:
    return f"{_SIZE / 2 + _RADIUS * value:.0f}"


def _mark(place: int, name: str) -> Html:
    number = place % MOST_LANGUAGES
    shape = element("path", d=_SHAPES[number], class_=f"l{number}", id=f"s{number}")
    return element("svg", shape, viewBox="-8 -8 16 16", class_=name, aria_hidden="true")


def _behind(atlas: Atlas) -> Html:
    """The map's words as a table: each with its nearest word in every other language."""
    chart = atlas.maps[-1]
    rows: list[list[Child]] = []
    for row, (home, text) in enumerate(atlas.words):
        code = atlas.languages[home]
        cells: list[Child] = ["·"] * len(atlas.languages)
        for other, pairs in chart.near[row]:
            cells[other] = word(pairs[0][0], atlas.languages[other]) if pairs else "–"
        rows.append([word(text, code), language(code), *cells])
    heads: list[Child] = ["Word", "of", *map(language, atlas.languages)]
    caption = f"The words of the map and their nearest words, {chart.title}"
    return element(
        "details",
        element("summary", "the map as a table"),
        table(caption, heads, rows, numbers_from=99),
    )
