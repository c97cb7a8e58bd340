"""The tables on the page of results are the measured ones; the README stays short."""

from __future__ import annotations

import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def load():
    spec = importlib.util.spec_from_file_location("readme", ROOT / "scripts" / "readme.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_shows_the_results_that_lie_beside_it(capsys):
    assert load().main(["--check"]) == 0, "run scripts/readme.py"


def test_a_section_takes_its_file_s_words(tmp_path):
    (tmp_path / "docs/results").mkdir(parents=True)
    (tmp_path / "docs/results/x.md").write_text("| new |\n")
    text = "a\n<!-- docs/results/x.md -->\n| old |\n<!-- end -->\nb\n"
    expected = "a\n<!-- docs/results/x.md -->\n| new |\n<!-- end -->\nb\n"
    assert load().filled(text, tmp_path) == expected
    assert load().filled(expected, tmp_path) == expected


def test_the_readme_stays_short():
    assert len((ROOT / "README.md").read_bytes()) <= 12 * 1024
