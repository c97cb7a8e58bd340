"""The benchmark program: rows, table, JSON, unknown names."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from scripts.results import missing

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "bench.py"

TOY = """
def rows(scratch, quick=False):
    (scratch / "file").write_text("x")
    return [
        {"name": "speed", "unit": "words/s", "ours": 3000.0, "reference": 1000.0, "ratio": 3.0,
         "goal": 5.0},
        {"name": "size", "unit": "MB", "ours": 1 if quick else 2, "reference": 4, "ratio": 2.0,
         "goal": 2.0, "note": "on disk"},
        {"name": "words", "unit": "", "ours": 7},
    ]
"""
FAILING = """
from x2static.core.errors import CorpusError
def rows(scratch):
    raise CorpusError("no data; set X2STATIC_DATA")
"""


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The program, with toy benchmarks beside it."""
    spec = importlib.util.spec_from_file_location("bench", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "bench", module)
    spec.loader.exec_module(module)
    folder = tmp_path / "benchmarks"
    folder.mkdir()
    (folder / "toy.py").write_text(TOY)
    monkeypatch.setattr(module, "BENCHMARKS", folder)
    return module


def test_table_shows_every_row_and_what_holds(
    bench: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench.main(["toy"]) == 0
    out = capsys.readouterr().out
    assert "cores" in out.splitlines()[0]
    cells = [[c.strip() for c in line.split("|")[1:-1]] for line in out.splitlines() if "|" in line]
    assert cells[0] == [*bench.KEYS, "note"]
    assert cells[2] == ["speed", "words/s", "3,000", "1,000", "3", "5", "no", "-"]
    assert cells[3] == ["size", "MB", "2", "4", "2", "2", "yes", "on disk"]
    assert cells[4] == ["words", "", "7", "-", "-", "-", "-", "-"]
    assert "1 of 2 goals hold; missed: speed" in out


def test_json_holds_the_rows_and_what_made_them_with_a_run_record(
    bench: ModuleType, tmp_path: Path
) -> None:
    target = tmp_path / "out" / "toy.json"
    assert bench.main(["toy", "--quick", "--json", str(target)]) == 0
    whole = json.loads(target.read_text())
    rows = whole["rows"]
    assert missing(target) == []
    assert whole["made"]["commit"] == rows[0]["commit"]
    assert [set(bench.KEYS) <= set(row) for row in rows] == [True] * 3
    assert [row["holds"] for row in rows] == [False, True, None]
    assert rows[1]["ours"] == 1
    record = json.loads((tmp_path / "out" / "toy.json.run.json").read_text())
    assert record["settings"] == {"name": "toy", "quick": True, "repeats": None}
    assert {"cpu", "cores", "ram_gib", "versions"} <= set(record["machine"])


def test_unknown_name_lists_the_known_ones(
    bench: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench.main(["tox"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "error: unknown benchmark 'tox'; known: toy, all\n"


def test_one_failing_benchmark_does_not_stop_the_others(
    bench: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    (bench.BENCHMARKS / "failing.py").write_text(FAILING)
    assert bench.main(["all"]) == 2
    captured = capsys.readouterr()
    assert captured.err == "error: failing: no data; set X2STATIC_DATA\n"
    assert "speed" in captured.out


def test_one_table_of_all_grows_by_what_is_missing(
    bench: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "all.json"
    (bench.BENCHMARKS / "failing.py").write_text(FAILING)
    assert bench.main(["all", "--json", str(target)]) == 2
    assert [row["name"] for row in json.loads(target.read_text())["rows"]] == [
        "speed",
        "size",
        "words",
    ]
    (bench.BENCHMARKS / "failing.py").write_text(TOY.replace("speed", "pace"))
    (bench.BENCHMARKS / "toy.py").write_text("measured again")
    assert bench.main(["all", "--json", str(target), "--resume"]) == 0
    rows = json.loads(target.read_text())["rows"]
    assert [row["benchmark"] for row in rows] == ["failing"] * 3 + ["toy"] * 3
    assert [row["name"] for row in rows][::3] == ["pace", "speed"]
    assert target.with_suffix(".md").read_text().startswith("| benchmark | name ")


def test_a_named_benchmark_is_measured_again(bench: ModuleType, tmp_path: Path) -> None:
    target = tmp_path / "all.json"
    assert bench.main(["all", "--json", str(target)]) == 0
    rows = json.loads(target.read_text())["rows"]
    target.write_text(json.dumps({"rows": [row | {"ours": 0} for row in rows]}))
    assert bench.main(["toy", "--json", str(target), "--resume"]) == 0
    assert [row["ours"] for row in json.loads(target.read_text())["rows"]] == [3000.0, 2, 7]


def test_figures_of_two_machines_do_not_share_a_table(
    bench: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "all.json"
    assert bench.main(["all", "--json", str(target)]) == 0
    before = target.read_bytes()
    record = tmp_path / "all.json.run.json"
    record.write_text(record.read_text().replace('"cores": ', '"cores": 9'))
    assert bench.main(["all", "--json", str(target), "--resume"]) == 2
    assert "was not measured on this machine" in capsys.readouterr().err
    assert target.read_bytes() == before


def test_a_benchmark_that_takes_turns_is_told_how_many(bench: ModuleType) -> None:
    (bench.BENCHMARKS / "turns.py").write_text(
        "def rows(scratch, quick=False, repeats=9):\n"
        "    return [{'name': 'x', 'ours': repeats, 'ratio': 1.0, 'repeats': repeats}]\n"
    )
    given = [
        bench.measure("turns", quick=quick, repeats=repeats)[0]["ours"]
        for quick, repeats in ((False, None), (True, None), (True, 7))
    ]
    assert given == [bench.REPEATS, bench.QUICK_REPEATS, 7]


def test_resume_without_a_file_is_refused(bench: ModuleType) -> None:
    with pytest.raises(SystemExit) as stop:
        bench.main(["toy", "--resume"])
    assert stop.value.code == 2
