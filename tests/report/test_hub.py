"""A folder aligned by hand: `align hub` writes the hub nowhere, and it is shown nevertheless."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.report.conftest import save
from tests.report.page_reader import held_data, read_page
from x2static.core.vector_file import write_vectors
from x2static.core.vectors import WordVectors

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def by_hand(run_folder: Path) -> Path:
    """Vectors, and what `align hub` leaves."""
    (run_folder / "plan.json").unlink()
    for name in ("scores", "aligned/en"):
        shutil.rmtree(run_folder / name)
    for name in ("de", "ru"):
        settings = {"hub": "en=vectors/en", "seeds": "lexicon"}
        save(
            run_folder / f"aligned/{name}/run.json", {"command": "align hub", "settings": settings}
        )
    return run_folder


def test_the_hub_stands_in_its_own_space_after_alignment(by_hand: Path, run_cli: Cli) -> None:
    code, out, _ = run_cli("report", by_hand, "--map-words", 60, "--words", "bzword", "--top", 2)
    assert code == 0
    assert "0 failures, 0 warnings" in out
    page = (by_hand / "report.html").read_text("utf-8")
    found = read_page(by_hand)
    english, german = (
        next(row for row in found.rows if len(row) == 3 and row[0] == name)
        for name in ("English en", "German de")
    )
    assert english[1] == english[2] != "–"
    assert german[2].startswith("bzwort ")
    assert '<summary><bdi lang="en">bzword' in page
    assert held_data(page)["languages"] == ["en", "de", "ru"]
    assert len(held_data(page)["near"]) == 2, "a map before and a map after"


@pytest.mark.parametrize("width", [None, 8])
def test_without_its_vectors_a_warning_says_so_and_words_keep_their_language(
    by_hand: Path, run_cli: Cli, rng: np.random.Generator, width: int | None
) -> None:
    shutil.rmtree(by_hand / "vectors/en")
    if width is not None:
        matrix = rng.standard_normal((20, width)).astype(np.float32)
        words = [f"word{'x' * row}" for row in range(20)]
        write_vectors(WordVectors(words, matrix), by_hand / "vectors/en", "safetensors")
    assert run_cli("report", by_hand, "--map-words", 60)[0] == 0
    text = "".join(read_page(by_hand).text)
    assert "no vectors of the hub after alignment" in text
    page = (by_hand / "report.html").read_text("utf-8")
    assert '<summary><bdi lang="de">' in page
    assert "For some words of German" in text


def test_a_hub_that_nothing_names_is_not_made_up(by_hand: Path, run_cli: Cli) -> None:
    for name in ("de", "ru"):
        (by_hand / f"aligned/{name}/run.json").unlink()
    code, out, _ = run_cli("report", by_hand, "--map-words", 0, "--json")
    assert code == 0
    assert json.loads(out)["hub"] is None
    text = "".join(read_page(by_hand).text)
    assert "· hub" not in text
    assert "no vectors after alignment: en" in text
