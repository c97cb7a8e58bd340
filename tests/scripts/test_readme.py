"""The tables on the page of results are the measured ones; the README stays short."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from scripts import headline

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


def test_the_headline_has_at_most_ten_rows_and_the_figures_of_the_tables():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = text.split("<!-- headline -->\n")[1].split("<!-- end -->")[0].splitlines()[2:]
    assert 5 <= len(rows) <= 10
    for row in rows:
        *cells, link = [cell.strip() for cell in row.strip("|").split("|")]
        table = (ROOT / link.split("](")[1].rstrip(")")).read_text(encoding="utf-8")
        assert all(figure in table for figure in figures(" ".join(cells[1:])))


def test_what_stands_beside_each_other_was_made_from_as_many_sentences():
    rows = [
        {
            "teacher": teacher,
            "method": method,
            "sentences": size,
            "similarity": {"en": {"spearman": size / 1e6, "margin": 0.01, "pairs": size // 100}},
        }
        for teacher in ("minilm", "box")
        for method in ("default", "aggregate", "x2static-released")
        for size in (25_000, 100_000, 250_000)
        if (method, size) != ("x2static-released", 250_000)
    ]
    lines = list(headline._distilled({"rows": rows}))
    assert {line.ours for line in lines} == {"`default` 10.0 ± 1.0"}
    assert all("100,000 sentences" in line.what and "1,000 pairs" in line.what for line in lines)
    assert lines[0].other == "`aggregate` 10.0 ± 1.0; `x2static-released` 10.0 ± 1.0"


def figures(text):
    """Numbers with a decimal point; a spread's mean alone, for tables round it in their own way."""
    return re.findall(r"(?<![\d.±] )\b\d+\.\d\b", re.sub(r"± [\d.]+", "", text))


def test_no_line_of_the_readme_stands_twice():
    lines = [line for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines() if line]
    assert [line for line in set(lines) if lines.count(line) > 1 and len(line) > 20] == []


def test_the_readme_stays_short():
    assert len((ROOT / "README.md").read_bytes()) <= 12 * 1024
