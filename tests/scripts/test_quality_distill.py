"""The table of every way of distilling: finished cells are kept, and belong to their settings."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.quality import distill as quality_distill
from scripts.quality.distill import DistillWork, measure
from scripts.quality.distill_tables import merged, spread_table, table


def cell(teacher: str = "box", method: str = "default", sentences: int = 10) -> dict[str, object]:
    bli = {
        "before": 0.25,
        "before margin": 0.05,
        "after": 0.5,
        "after margin": 0.06,
        "queries": 300,
        "coverage": 0.2,
    }
    likeness = {"spearman": 0.125, "margin": 0.04, "pairs": 1234, "coverage": 0.5}
    return {
        "teacher": teacher,
        "sentences": sentences,
        "method": method,
        "flags": [],
        "bli": {"de": bli},
        "similarity": {"en": likeness, "de": likeness},
    }


@pytest.fixture
def bench(tmp_path, monkeypatch):
    def unwanted(*_: object) -> None:
        raise AssertionError("a finished cell was made again")

    monkeypatch.setattr(quality_distill, "make", unwanted)
    bench = DistillWork(tmp_path, tmp_path, "box", 10)
    bench.folder.mkdir()
    (bench.folder / "default.json").write_text(json.dumps(cell()))
    return bench


def test_a_finished_cell_is_not_made_again(bench):
    assert measure(bench, "default") == cell()


def test_a_cell_of_other_settings_is(bench, monkeypatch):
    monkeypatch.setitem(quality_distill.METHODS, "default", ("`default`", ("--ridge", 9)))
    with pytest.raises(AssertionError, match="made again"):
        measure(bench, "default")


def test_a_table_says_what_its_figures_rest_on():
    text = table([cell(), cell(method="aggregate"), cell("minilm")])
    assert text.count("sentences a language:") == 2
    assert "| `default` | 25.0 | 50.0 | 12.5 | 12.5 |" in text
    assert "| *half a 95 % interval, last row* | 5.0 | 6.0 | 4.0 | 4.0 |" in text
    assert "| *queries or pairs covered* | 300 (20 %) | 300 (20 %) | 1,234 (50 %) |" in text


def test_earlier_rows_of_other_cells_are_kept_in_order(tmp_path):
    earlier = tmp_path / "t.json"
    rows = [cell(sentences=9), cell("minilm"), cell(method="own")]
    earlier.write_text(json.dumps({"made": {}, "rows": rows}))
    new = cell(method="own") | {"flags": ["new"]}
    rows = merged(earlier, [new])
    assert [(r["teacher"], r["sentences"], r["method"]) for r in rows] == [
        ("box", 9, "default"),
        ("box", 10, "own"),
        ("minilm", 10, "default"),
    ]
    assert rows[1]["flags"] == ["new"]


def test_a_small_corpus_is_the_beginning_of_the_sample(tmp_path):
    folder = tmp_path / "sentences"
    folder.mkdir()
    (folder / "de-100000.txt").write_text("eins\n\nzwei\n\ndrei\n")
    path = quality_distill.prepare(DistillWork(tmp_path, tmp_path, "box", 2), "de")
    assert path.read_text() == "eins\nzwei\n"


def test_every_seed_reads_another_part_of_the_sample(tmp_path):
    folder = tmp_path / "sentences"
    folder.mkdir()
    (folder / "de-100000.txt").write_text("eins\nzwei\n\ndrei\nvier\nfünf\n", encoding="utf-8")
    parts = [
        quality_distill.prepare(DistillWork(tmp_path, tmp_path, "box", 2, seed), "de").read_text()
        for seed in (0, 1)
    ]
    assert parts == ["eins\nzwei\n", "drei\nvier\n"]


def test_seeds_show_their_mean_and_spread():
    rows = [cell() | {"seed": seed} for seed in (0, 1)]
    rows[1]["similarity"] = {name: {"spearman": 0.325} for name in ("en", "de")}
    text = spread_table(rows)
    assert "each of 2 seeds" in text
    assert "| `default` | 25.0 ± 0.0 | 50.0 ± 0.0 | 22.5 ± 14.1 | 22.5 ± 14.1 |" in text
