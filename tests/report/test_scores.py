"""The score sections: which time a figure is of, and that none is hidden."""

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
SMALL = ("--map-words", 0, "--num-words", 0)


def test_figures_measured_before_alone_are_shown(run_folder: Path, run_cli: Cli) -> None:
    shutil.rmtree(run_folder / "scores/bli.after")
    assert run_cli("report", run_folder, *SMALL)[0] == 0
    found = read_page(run_folder)
    once = "12.5 [10.9, 14.3]"
    row = ["German de", "", once, "–", "–", once, once, "12.5", "6.2 [5.3, 7.4]", "75", "1,500"]
    assert row in found.rows
    text = "".join(found.text)
    assert "So far measured before alignment only." in text
    assert "words translated right into en, mean, before alignment" in text


def test_where_some_were_measured_before_alone_a_column_says_which(
    run_folder: Path, run_cli: Cli
) -> None:
    (run_folder / "scores/bli.after/ru.json").unlink()
    assert run_cli("report", run_folder, *SMALL)[0] == 0
    rows = read_page(run_folder).rows
    assert next(row for row in rows if "P@10" in row)[-1] == "P@5 to words"
    ends = {row[0]: row[5:] for row in rows if len(row) == 12 and row[0] != "Language"}
    assert ends["Russian ru"][0] == "12.5 [10.9, 14.3]"
    assert ends["Russian ru"][-1] == "before"
    assert ends["German de"][-1] == "after"
    assert ends["mean of the 1 measured twice"][-1] == ""


@pytest.mark.parametrize(("folder", "said"), [("vectors", "before"), ("aligned", "after")])
def test_similarity_says_of_which_vectors_it_is(
    run_folder: Path, run_cli: Cli, folder: str, said: str
) -> None:
    row = {"dataset": "x", "pairs": 9, "spearman": 0.3, "coverage": 0.9}
    run = {"command": "eval similarity", "settings": {"vectors": f"{folder}/de"}}
    save(run_folder / "scores/similarity/de.json", {"rows": [row], "run": run})
    assert run_cli("report", run_folder, *SMALL)[0] == 0
    text = "".join(read_page(run_folder).text)
    assert f"Of the vectors {said} alignment." in text
    assert "rotations" not in text


def test_a_table_that_stands_alone_has_its_title(run_folder: Path, run_cli: Cli) -> None:
    for place in run_folder.glob("scores/bli.*/*.json"):
        content = json.loads(place.read_text())
        save(place, {**content, "rows": content["rows"][:1]})
    assert run_cli("report", run_folder, *SMALL)[0] == 0
    assert "to en, CSLS" in read_page(run_folder).text


def downstream_file(name: str, metrics: tuple[str, ...]) -> dict[str, Any]:
    spread = {"mean": 0.5, "sd": 0.02, "values": [0.48, 0.52]}
    row = {"model": "base", "set": name, **dict.fromkeys(metrics, spread)}
    row |= {"questions": 60, "sentences": 60, "interval_95": {metrics[-1]: [0.4, 0.6]}}
    return {
        "rows": [{**row, "language": "de"}],
        "averages": [
            {"model": "base", "set": name, "over": "zero-shot", **dict.fromkeys(metrics, spread)}
        ],
    }


def test_every_downstream_table_can_be_seen(run_folder: Path, run_cli: Cli) -> None:
    for name in ("xquad", "mlqa", "tydiqa"):
        save(run_folder / f"scores/qa/{name}.json", downstream_file(name, ("f1", "exact_match")))
    for name in ("udpos", "panx"):
        save(run_folder / f"scores/tagging/{name}.json", downstream_file(name, ("f1", "accuracy")))
    assert run_cli("report", run_folder, *SMALL)[0] == 0
    found = read_page(run_folder)
    assert found.rows.count(["zero-shot", "panx", "", "50.0 ±2.0"]) == 2
    assert ["German de", "panx", "", "50.0 ±2.0"] in found.rows
    assert ["German de", "panx", "", "50.0 ±2.0 [40.0, 60.0]"] in found.rows
    text = "".join(found.text)
    assert "tagging, panx, panx: 60 sentences, fewer than 200" in text
    assert "qa, mlqa, mlqa: 60 questions, fewer than 200" in text
    titles = {line for line in found.text if "(qa)" in line or "(tagging)" in line}
    assert len(titles) == 10
    page = (run_folder / "report.html").read_text("utf-8")
    style = (Path(__file__).parents[2] / "x2static/report/style.css").read_text()
    hidden = {f"p{n}" for n in range(20) if f"panel p{n}" in page and f"~ .p{n}" not in style}
    assert hidden == set()


def test_a_failed_task_names_its_reason_and_its_log(run_folder: Path, run_cli: Cli) -> None:
    plan = json.loads((run_folder / "plan.json").read_text())
    plan["tasks"][1]["log"] = "logs/ca.prepare.log"
    save(run_folder / "plan.json", plan)
    assert run_cli("report", run_folder, *SMALL)[0] == 0
    text = "".join(read_page(run_folder).text)
    assert "ca/prepare failed: ca.txt:3: bad UTF-8 (all it said: logs/ca.prepare.log)" in text
    assert "✗ failed" in text
