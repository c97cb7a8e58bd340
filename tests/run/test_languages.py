"""``[represent]`` in a workbench: means, groups and distances of all languages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.distill.conftest import write_corpus
from tests.teachers import save_teacher
from x2static.run.plan.graph import build_graph
from x2static.run.workbench.problems import Problems
from x2static.run.workbench.workbench import read_workbench

TOML = """
output = "run"
teacher = "teacher"
hub = "en"
corpora = "{}.txt"
languages = ["de", "en", "fr", "hi"]
[prepare]
tokenizer = "whitespace"
rules = "all"
[distill]
min_count = 1
device = "cpu"
[align]
seeds = "identical"
[represent]
layer = [2, -1]
device = "cpu"
[cluster]
draws = 3
permutations = 9
"""


@pytest.fixture
def world(tmp_path: Path) -> Path:
    save_teacher(tmp_path / "teacher")
    for seed, code in enumerate(("de", "en", "fr", "hi")):
        write_corpus(tmp_path / f"{code}.txt", 60, seed)
    (tmp_path / "w.toml").write_text(TOML)
    return tmp_path


def graph_of(file: Path) -> tuple[dict[str, Any], list[str]]:
    problems = Problems(file)
    bench = read_workbench(file, problems)
    assert bench is not None, problems
    return build_graph(bench, problems), [str(one) for one in problems.lines]


def test_the_tasks_wait_for_each_other(world: Path) -> None:
    tasks, problems = graph_of(world / "w.toml")
    assert problems == []
    assert tasks["*/represent"].waits_for == tuple(f"{c}/prepare" for c in ("en", "de", "fr", "hi"))
    assert tasks["*/cluster"].waits_for == ("*/represent",)
    assert tasks["*/analyse"].waits_for == ("*/distance",)
    assert tasks["*/represent"].config.layer == (2, -1)


def test_without_the_table_there_are_none(world: Path) -> None:
    text = (world / "w.toml").read_text().partition("[represent]")[0]
    (world / "w.toml").write_text(text)
    assert "*/represent" not in graph_of(world / "w.toml")[0]


def test_two_languages_are_too_few_for_groups(world: Path) -> None:
    text = (world / "w.toml").read_text().replace(', "fr", "hi"', "")
    (world / "w.toml").write_text(text)
    tasks, _ = graph_of(world / "w.toml")
    assert tasks["*/cluster"].skipped == "2 languages"
    assert not tasks["*/distance"].skipped


@pytest.mark.timeout(300)
def test_a_run_ends_with_groups_and_distances(world: Path, run_cli: Any) -> None:
    only = ["--only", "*/represent", "*/cluster", "*/distance", "*/analyse"]
    only += [f"{code}/prepare" for code in ("de", "en", "fr", "hi")]
    code, text, errors = run_cli("run", world / "w.toml", *only)
    assert code == 0, errors + text
    groups = json.loads((world / "run/languages/groups/groups.json").read_text())
    assert sorted(groups["languages"]) == ["de", "en", "fr", "hi"]
    assert "representation.4.cls.centred" in (world / "run/languages/distances.tsv").read_text()
    assert (world / "run/languages/analysis/analysis.json").exists()
    again = run_cli("run", world / "w.toml", *only)
    assert "8 kept from before" in again[1], again
    report = run_cli("report", world / "run")
    assert report[0] == 0, report
    assert "Languages merged by cosine distance" in (world / "run/report.html").read_text("utf-8")
