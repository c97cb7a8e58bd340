"""Result files say where they come from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts import results
from scripts.results import NEEDED, made_line, missing, provenance, read_rows, write_results

ROOT = Path(__file__).resolve().parents[2]
FILES = [
    path
    for path in sorted((ROOT / "docs" / "results").glob("*.json"))
    if not path.name.endswith(".run.json")
]


def test_there_are_result_files() -> None:
    assert len(FILES) > 5


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_result_names_commit_machine_seeds_n_and_repeats(path: Path) -> None:
    assert missing(path) == []


@pytest.mark.parametrize("name", NEEDED)
def test_a_file_that_lacks_one_of_them_is_found_out(name: str, tmp_path: Path) -> None:
    made = provenance(seeds=(1, 2), n=30, repeats=5) | {"commit": "abc"}
    del made[name]
    write_results(tmp_path / "x", [], "", made)
    assert missing(tmp_path / "x.json") == [name]


def test_a_bare_list_or_a_script_that_says_nothing_is_found_out(tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text("[]")
    assert missing(tmp_path / "list.json") == list(NEEDED)
    write_results(tmp_path / "x", {"a": 1}, "text")
    assert "n" in missing(tmp_path / "x.json")


def test_rows_come_back_and_other_figures_stay_beside_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "git_commit", lambda: "abc-dirty")
    made = provenance(seeds=(1, 2), n="30 words", repeats=5)
    write_results(tmp_path / "a", [{"x": 1}], "table\n", made)
    assert read_rows(tmp_path / "a.json") == [{"x": 1}]
    assert read_rows(tmp_path / "none.json") == []
    assert (tmp_path / "a.md").read_text() == "table\n"
    write_results(tmp_path / "b", {"steps": 3}, "", made)
    assert json.loads((tmp_path / "b.json").read_text()) == {"made": made, "steps": 3}
    assert made_line(made).endswith("commit abc-dirty; seeds 1, 2; 30 words; measured 5 times")
