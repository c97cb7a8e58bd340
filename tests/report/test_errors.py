"""Word by word: bands counted by hand, damaged columns left out, words escaped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.report.conftest import save
from x2static.report.read.run_folder import RunFolder
from x2static.report.sections.errors_section import errors_section

WORDS = {
    "query": ["haus", "see", "<b>rot", "gehen", "selten"],
    "gold": ["house", "lake sea", "red", "go walk", "rare"],
    "got": ["house", "sea", "blue", "went", "often"],
    "rank": [1, 1, 3, 12, 500],
    "cosine": [0.9, 0.8, 0.5, 0.45, 0.4],
    "query_frequency_rank": [10, 1500, 20, 900, 30_000],
    "identical": [0, 0, 0, 0, 0],
}


@pytest.fixture
def scored(run_folder: Path) -> Path:
    place = run_folder / "scores/bli.after/de.json"
    content = json.loads(place.read_text())
    content["rows"][0]["words"] = WORDS
    save(place, content)
    return run_folder


def cells(page: str, head: str) -> str:
    start = page.index(f'aria-label="{head}"')
    return page[start : page.index("</table>", start)]


def test_queries_are_counted_in_bands_and_wrong_ones_listed(scored: Path) -> None:
    page = errors_section(RunFolder.open(scored))
    assert page is not None
    assert ": 2 of 5 right" in page
    ranks = cells(page, "Rank of the translation")
    for band, count in (("1", 2), ("2 to 5", 1), ("6 to 10", 0), ("11 to 100", 1), ("far", 1)):
        row = ranks[ranks.index(f'<th scope="row">{band}</th>') :].split("</tr>")[0]
        assert f'<td class="num">{count}</td>' in row
    frequent = cells(page, "Frequency rank of the query")
    row = frequent[frequent.index("1 to 1,000") :].split("</tr>")[0]
    assert '<td class="num">3</td>' in row
    assert "33.3" in row
    wrong = cells(page, "Wrong answers, de")
    assert wrong.index("went") < wrong.index("often")
    assert wrong.index("blue") < wrong.index("went")
    assert "<b>rot" not in page
    assert "&lt;b&gt;rot" in wrong


@pytest.mark.parametrize(
    "damage", [{"rank": [1]}, {"rank": "x"}, {"query": [1, 2, 3, 4, 5]}, {"cosine": [None] * 5}]
)
def test_damaged_columns_are_left_out(scored: Path, damage: dict) -> None:
    place = scored / "scores/bli.after/de.json"
    content = json.loads(place.read_text())
    content["rows"][0]["words"] = {**WORDS, **damage}
    save(place, content)
    assert errors_section(RunFolder.open(scored)) is None


def test_without_words_there_is_no_such_section(run_folder: Path) -> None:
    assert errors_section(RunFolder.open(run_folder)) is None
