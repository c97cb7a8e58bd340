"""Retrieval between all languages as heat maps of the page, and as drawings of their own."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.browser import browser_page, find_browser
from tests.report.conftest import save

Cli = Callable[..., tuple[int, str, str]]
CODES = ("de", "en", "ja")
FOUND = {"de": 0.5, "en": 0.75, "ja": 0.125}
SAVED = (
    "(async () => { let blob; URL.createObjectURL = one => (blob = one, 'blob:x');"
    "HTMLAnchorElement.prototype.click = () => {};"
    "document.querySelector('svg.heat + button').click(); return await blob.text(); })()"
)


def matrix(method: str = "nn", **changed: object) -> dict[str, Any]:
    rows = [
        {"source": f"f/dev.{a}", "target": f"f/dev.{b}", "method": method, "accuracy": FOUND[a],
         **changed}
        for a, b in permutations(CODES, 2)
    ]  # fmt: skip
    return {"rows": rows, "names": {f"f/dev.{code}": code for code in CODES}}


@pytest.fixture
def scored(tmp_path: Path) -> Path:
    """A folder with nothing but matrices."""
    content = matrix()
    content["rows"] += matrix("margin")["rows"]
    save(tmp_path / "run/scores/retrieval/flores.json", content)
    return tmp_path / "run"


def page_of(folder: Path, run_cli: Cli) -> str:
    code, _, errors = run_cli("report", folder)
    assert code == 0, errors
    return (folder / "report.html").read_text("utf-8")


def test_each_method_has_a_map_with_its_numbers(scored: Path, run_cli: Cli) -> None:
    page = page_of(scored, run_cli)
    assert page.count('class="heat"') == 2
    assert "Sentences found: flores, ratio margin" in page
    cells = dict(re.findall(r"<title>(\w+, \w+): ([\d.–]+)</title>", page))
    assert (cells["de, en"], cells["ja, en"], cells["de, de"]) == ("50.0", "12.5", "–")
    assert cells["de, mean"] == "50.0"
    assert cells["mean, en"] == f"{100 * (0.5 + 0.125) / 2:.1f}"
    assert cells["mean, mean"] == f"{100 * (0.5 + 0.75 + 0.125) / 3:.1f}"


@pytest.mark.parametrize("content", [{"rows": 3}, {"rows": [{"source": "x"}]}, {"names": []}])
def test_another_shape_is_a_problem_and_no_crash(
    scored: Path, run_cli: Cli, content: dict[str, Any]
) -> None:
    save(scored / "scores/retrieval/odd.json", content)
    page = page_of(scored, run_cli)
    assert "scores/retrieval/odd.json: no rows of two languages" in page
    assert page.count('class="heat"') == 2


def test_odd_names_are_text(scored: Path, run_cli: Cli) -> None:
    rows = matrix()["rows"]
    rows[0]["source"] = "<b>&'"
    save(scored / "scores/retrieval/flores.json", {"rows": rows, "names": 3})
    page = page_of(scored, run_cli)
    assert "<b>&'" not in page
    assert "&lt;b&gt;" in page


@pytest.mark.skipif(find_browser() is None, reason="no Chromium on the path, none of playwright's")
def test_the_drawing_saved_stands_alone(scored: Path, run_cli: Cli, tmp_path: Path) -> None:
    page_of(scored, run_cli)
    program = find_browser()
    assert program is not None
    with browser_page(program, tmp_path / "profile") as page:
        page.open((scored / "report.html").as_uri())
        drawing = tmp_path / "m.svg"
        drawing.write_text(page.run(SAVED), encoding="utf-8")
        assert ET.parse(drawing).getroot().tag.endswith("svg")
        on_page = page.run("getComputedStyle(document.querySelector('svg.heat .cell')).fill")
        page.open(drawing.as_uri())
        size = "getComputedStyle(document.querySelector('text')).fontSize"
        assert page.run(size) == "12px"  # else the numbers are wider than their cells
        font = "getComputedStyle(document.querySelector('text')).fontFamily"
        assert "sans-serif" in page.run(font)
        assert page.run("getComputedStyle(document.querySelector('.cell')).fill") == on_page
        assert page.complaints == []
