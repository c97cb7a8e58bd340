"""docs/notebooks: each runs as it is, prints what it says and draws its figure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.notebooks import FOLDER, code_cells, execute, figures, printed

PRINTS = {
    "1-distil-and-look": (
        r"\d,\d{3} of 4,000 lines are kept",
        r"<WordVectors: \d,\d{3} words x 256 ",
        r"three +.*\bfour 0\.\d\d",
        r"median cosine: nearest 0\.\d\d, random -?0\.0\d",
    ),
    "2-translate-words": (
        r"unaligned +P@1 [ \d.]+ P@10 [ \d.]+ \d{3} queries, \d\d % of the dictionary's",
        r"\naligned +P@1",
        r"method, query, gold, got, right, rank",
        r"\w+ +expected \w+ .*got \w+",
        r"median cosine: right 0\.\d\d, wrong 0\.\d\d",
    ),
    "3-three-languages": (
        r"\nes <WordVectors",
        r"de to es: P@1 [\d.]+ as distilled, [\d.]+ in one space, 1\d\d queries",
        r"in one space: mean cosine of translations 0\.\d\d",
    ),
    "4-pretrain": (
        r"'model.safetensors'",
        r"held out, after  0 updates: .*\nheld out, after 20 updates: ",
        r"before \d+ of 300 found",
        r"after  \d+ of 300 found",
    ),
    "5-export": (
        r"\('river', True\)",
        r"\(6, 6\)",
        r"0\.\d\d with its like, 0\.\d\d with others: the river",
    ),
}

CLAIMS: dict[str, tuple[str, Callable[..., bool]]] = {
    "1-distil-and-look": (
        r"nearest (\S+), random (\S+)", lambda nearest, random: nearest - random > 0.4,
    ),
    "2-translate-words": (
        r"unaligned +P@1 +(\S+) +P@10 +(\S+).*\naligned +P@1 +(\S+) +P@10 +(\S+)",
        lambda *found: min(found) > 10 and found[:2] != found[2:],
    ),
    "3-three-languages": (
        r"as distilled: mean cosine of translations (\S+)\nin one space: .* (\S+)",
        lambda before, after: 0.2 < before < after,
    ),
    "4-pretrain": (
        r"modelling (\S+), alignment (\S+)\n.*modelling (\S+), alignment (\S+)",
        lambda mlm, mse, mlm_after, mse_after: mlm_after < mlm and mse_after < mse,
    ),
    "5-export": (
        3 * r"(\S+) with its like, (\S+) with others.*\s",
        lambda *found: all(a > b for a, b in zip(found[::2], found[1::2], strict=True)),
    ),
}  # fmt: skip
"""Figures that a notebook prints, and what its words say of them."""


def notebooks() -> list[Path]:
    return sorted(FOLDER.glob("*.ipynb"))


def read(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def check_what_is_printed(notebook: dict, name: str) -> None:
    said = printed(notebook)
    for pattern in PRINTS[name]:
        assert re.search(pattern, said), pattern
    pattern, holds = CLAIMS[name]
    found = re.search(pattern, said)
    assert found, pattern
    assert holds(*(float(figure.strip(",")) for figure in found.groups())), found.groups()


def test_there_are_those_that_are_checked() -> None:
    assert [path.stem for path in notebooks()] == list(PRINTS) == list(CLAIMS)


@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_it_holds_what_it_printed_and_drew(path: Path) -> None:
    notebook = read(path)
    assert len(figures(notebook)) == 1
    check_what_is_printed(notebook, path.stem)
    assert " at 0x" not in printed(notebook)


@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_its_links_lead_somewhere(path: Path) -> None:
    text = "".join("".join(cell["source"]) for cell in read(path)["cells"])
    links = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", text)
    assert links
    assert [link for link in links if not (FOLDER / link).exists()] == []


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_it_runs_and_prints_what_it_says(path: Path) -> None:
    notebook = read(path)
    for cell in code_cells(notebook):
        cell["outputs"] = []
    execute(notebook, path.stem)
    assert len(figures(notebook)) == 1
    check_what_is_printed(notebook, path.stem)


@pytest.mark.parametrize("source", ["1 / 0", "half = 1 / 0"])
def test_a_cell_that_fails_is_named(source: str) -> None:
    cell = {"cell_type": "code", "source": [source], "outputs": []}
    with pytest.raises(ZeroDivisionError) as caught:
        execute({"cells": [cell]}, "mine")
    assert "mine[1]" in str(caught.traceback[-1])
