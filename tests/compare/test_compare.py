"""Two runs beside each other: scores paired, settings that differ, neighbours that changed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.report.conftest import run_folder, save
from x2static.compare.scores import summary
from x2static.core.vector_file import read_vectors, write_vectors
from x2static.core.vectors import WordVectors

__all__ = ["run_folder"]


@pytest.fixture
def both(run_folder: Path) -> tuple[Path, Path]:
    """The run made by hand, and a copy with another score, setting and German."""
    second = run_folder.with_name("two")
    shutil.copytree(run_folder, second)
    for root, found, p1 in (
        (run_folder, "0" * 30 + "1" * 70, 0.7),
        (second, "1" * 96 + "0" * 4, 0.96),
    ):
        place = root / "scores/bli.after/de.json"
        content = json.loads(place.read_text())
        content["rows"][0] |= {"found": found, "p@1": p1}
        save(place, content)
        teacher = "tiny" if root == run_folder else "large"
        text = f'output = "{root.name}"\nhub = "en"\nteacher = "{teacher}"\n[distill]\nlayer = 3\n'
        (root / "workbench.toml").write_text(text)
    vectors = read_vectors(second / "aligned/de")
    shutil.rmtree(second / "aligned/de")
    rolled = WordVectors(vectors.words, np.roll(vectors.matrix, 40, axis=0), vectors.counts)
    write_vectors(rolled, second / "aligned/de", "safetensors")
    return run_folder, second


def test_scores_settings_and_neighbours(both, run_cli):
    code, out, err = run_cli("compare", *both, "--words", 40)
    assert code == 0, err
    line = next(line for line in out.splitlines() if line.startswith("bli de to en csls after P@1"))
    assert line.split()[-5:] == ["70.0", "96.0", "+26.0", "<", "0.001"]
    same = next(line for line in out.splitlines() if line.startswith("bli ru to en csls after"))
    assert same.split()[-3:] == ["25.0", "25.0", "+0.0"]  # its items are not known
    assert "1 setting differs:\n  teacher: tiny → large" in out
    assert "neighbours in ru: 100 % of 40 words' are the same\n" in out
    changed = next(line for line in out.splitlines() if line.startswith("neighbours in de"))
    assert changed.startswith("neighbours in de: 2 % of 40 words' are the same; most changed: ")


def test_data_and_page(both, run_cli, tmp_path):
    page = tmp_path / "both.html"
    code, out, _ = run_cli("compare", *both, "--words", 40, "--output", page, "--json")
    assert code == 0
    data = json.loads(out)
    row = next(
        r
        for r in data["scores"]
        if r["language"] == "de" and r["when"] == "after" and r["what"].startswith("to")
    )
    assert (row["first"], row["second"]) == (0.7, 0.96)
    assert row["p"] < 0.001
    low, high = row["interval_95"]
    assert low < 0.26 < high
    assert data["settings"] == [{"name": "teacher", "first": "tiny", "second": "large"}]
    assert {one["kept"] for one in data["neighbors"]["ru"]} == {1.0}
    text = page.read_text()
    assert "<script>alert" not in text
    for part in ("Settings that differ", "Neighbours that changed", "30 gained, 4 lost of 100"):
        assert part in text
    assert run_cli("compare", *both, "--output", page)[0] == 0  # its own page is renewed
    page.write_text("mine")
    assert run_cli("compare", *both, "--output", page)[0] == 2


def test_a_run_is_summed_up_in_a_few_lines(both):
    lines = summary(both[1])
    assert lines[0] == "scores, times 100:"
    assert "  bli de to en csls: P@1 12.5 before, 96.0 after" in lines
    many = both[1] / "scores/bli.before"
    for number in range(20):
        shutil.copy(many / "de.json", many / f"x{number:02d}.json")
    assert any(line.startswith("  ... and ") for line in summary(both[1]))


def test_mistakes_are_one_line(both, refuses, tmp_path):
    refuses("is named twice", "compare", both[0], both[0])
    refuses("no such folder", "compare", both[0], tmp_path / "none")
    refuses("--words must be at least 0", "compare", *both, "--words", -1)
