"""A rejected alignment and a score of few items look like what they are."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.report.conftest import save
from tests.report.page_reader import read_page

Cli = Callable[..., tuple[int, str, str]]
WHY = "alignment rejected (held-out CSLS P@1 10.00 mapped, 12.50 as they are): written unaligned"


@pytest.fixture
def rejected_folder(run_folder: Path) -> Path:
    """The same run; German scores better as it is, so its vectors are those of before."""
    shutil.rmtree(run_folder / "aligned/de")
    shutil.copytree(run_folder / "vectors/de", run_folder / "aligned/de")
    held_back = {"nearest": 0.1, "csls": 0.1, "words": 300}
    result: dict[str, Any] = {
        "aligned": False,
        "final_pairs": 647,
        "mutual_rate": 0.5,
        "found_again": 0.9,
        "lift": 0.5,
        "held_back": held_back,
        "held_back_unaligned": {**held_back, "csls": 0.125},
    }
    settings = {"hub": "en=vectors/en", "seeds": "lexicon"}
    save(
        run_folder / "aligned/de/run.json",
        {"command": "align hub", "settings": settings, "result": result},
    )
    place = run_folder / "scores/bli.after/de.json"
    shutil.copy(run_folder / "scores/bli.before/de.json", place)
    return run_folder


def test_the_page_says_it_wherever_it_shows_after(rejected_folder: Path, run_cli: Cli) -> None:
    options = ("--map-words", 60, "--words", "bzword", "--top", 2)
    code, out, _ = run_cli("report", rejected_folder, *options)
    assert code == 0
    assert "1 failure, 1 warning" in out
    found = read_page(rejected_folder)
    text = "".join(found.text)
    assert f"{WHY}; its vectors before and after are the same" in text
    assert "German: the alignment was rejected, so before and after are the same vectors." in text
    assert "1 language written unaligned" in text, "the tile"
    german = [row for row in found.rows if row and row[0] == "German de written unaligned"]
    assert {row[1] for row in german if len(row) == 5} == {"647"}
    assert [row[4] for row in german if len(row) == 11] == ["0.0", "0.0"]
    neighbours = next(row for row in german if len(row) == 3)
    assert neighbours[1] != "–"
    assert neighbours[2] == "written unaligned: as before"
    assert not [row for row in found.rows if row and row[0] == "Russian ru written unaligned"]
    page = (rejected_folder / "report.html").read_text("utf-8")
    assert f'<span class="badge" title="{WHY}">written unaligned</span>' in page


@pytest.mark.parametrize("content", [[], {"result": 3}, {"result": {"aligned": "no"}}])
def test_a_record_of_another_shape_rejects_nothing(
    rejected_folder: Path, run_cli: Cli, content: Any
) -> None:
    save(rejected_folder / "aligned/de/run.json", content)
    assert run_cli("report", rejected_folder, "--map-words", 0, "--num-words", 0)[0] == 0
    assert "written unaligned" not in "".join(read_page(rejected_folder).text)


def test_few_queries_are_a_warning_on_the_page(run_folder: Path, run_cli: Cli) -> None:
    for place in run_folder.glob("scores/bli.*/de.json"):
        content = json.loads(place.read_text())
        save(place, {**content, "rows": [{**row, "queries": 27} for row in content["rows"]]})
    row = {"dataset": "x", "pairs": 90, "covered": 60, "spearman": 0.3, "coverage": 2 / 3}
    save(run_folder / "scores/similarity/de.json", {"rows": [row]})
    code, out, _ = run_cli("report", run_folder, "--map-words", 0, "--num-words", 0)
    assert code == 0
    assert "1 failure, 3 warnings" in out
    found = read_page(run_folder)
    text = "".join(found.text)
    for said in (
        "dictionary to the hub: 27 queries",
        "dictionary from the hub: 27 queries",
        "x: 60 covered pairs",
    ):
        assert f"{said}, fewer than 200: differences within the 95 % interval" in text
    # Fisher's z by hand: atanh(0.3) = 0.30952, half = 1.95996 sqrt(1.045 / 57) = 0.26538
    assert ["German de", "x", "", "30.0 [4.4, 51.9]"] in [row[:4] for row in found.rows]
