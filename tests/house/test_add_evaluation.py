"""CONTRIBUTING's walk "an evaluation", walked: two files and a line of the table are enough."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.report.page_reader import read_page
from x2static.commands import COMMANDS, Command, evaluations

Cli = Callable[..., tuple[int, str, str]]

STAGE = '''
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from x2static.core.outcome import Outcome


@dataclass(frozen=True, kw_only=True)
class OddConfig:
    """Count odd words."""

    vectors: Annotated[Path, "vectors"]
    hub: Annotated[Path, "those of the hub"]
    words: Annotated[Path, "list of words"]
    most: Annotated[int, "words to look at"] = 9


def odd(config: OddConfig) -> Outcome:
    row = {"source": str(config.vectors), "odd": 0.5, "words": config.most}
    return Outcome("half of them", {"rows": [row]})
'''
DESCRIPTOR = """
from pathlib import Path

from x2static.core.evaluation import Column, Evaluation, Moment, Pipeline, View

DESCRIPTOR = Evaluation(
    name="odd",
    pipeline=Pipeline(
        moments=(Moment("vectors", "before"), Moment("aligned", "after")),
        called="list of words",
        hub="never",
        with_hub=True,
        settings=lambda subject, files: {
            "vectors": Path(subject.vectors), "hub": Path(subject.hub), "words": files[0],
        },
        fixed=frozenset({"vectors", "hub", "words"}),
    ),
    view=View(
        section="odd words",
        title="Odd words",
        note="How many words are odd. ",
        columns=(Column("odd", "odd", "share", "words"), Column("words", "words", "count")),
        table="Odd words",
        tile="words are odd",
        called="odd words",
        covered=("words", "words"),
    ),
)
"""
WORKBENCH = """
output = "run"
teacher = "teacher"
hub = "en"
corpora = "{}.txt"
languages = ["en", "de"]
lexicons = "{}-en.txt"
[evaluate]
odd = "{}.odd.txt"
[eval_odd]
most = 5
[needs]
odd = { cpus = 3 }
[prepare]
tokenizer = "whitespace"
min_sentences = 1
"""


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The new evaluation: its stage, its descriptor, its line of the table."""
    (tmp_path / "odd_stage.py").write_text(STAGE)
    (tmp_path / "odd_descriptor.py").write_text(DESCRIPTOR)
    monkeypatch.syspath_prepend(str(tmp_path))
    row = Command(
        "odd_stage:OddConfig", "odd_stage:odd", "odd words", "file", "odd_descriptor:DESCRIPTOR"
    )
    monkeypatch.setitem(COMMANDS, "eval odd", row)
    yield tmp_path
    for name in ("odd_stage", "odd_descriptor"):
        sys.modules.pop(name, None)


def test_a_run_plans_it(toy: Path, run_cli: Cli) -> None:
    (toy / "teacher").mkdir()
    (toy / "teacher" / "config.json").write_text("{}")
    for name in ("en.txt", "de.txt", "de-en.txt", "de.odd.txt"):
        (toy / name).write_text("Haus house\n")
    (toy / "w.toml").write_text(WORKBENCH)
    _, out, err = run_cli("run", toy / "w.toml", "--dry-run")
    lines = {line.split()[0]: line for line in out.splitlines() if "/odd." in line}
    assert set(lines) == {"en/odd.before", "de/odd.before", "en/odd.after", "de/odd.after"}, (
        out + err
    )
    assert "run: " in lines["de/odd.after"]
    assert "skipped: the hub" in lines["en/odd.after"]


def test_its_command_line_holds_what_the_descriptor_sets(toy: Path) -> None:
    from x2static.run.plan.graph import build_graph
    from x2static.run.workbench.problems import Problems
    from x2static.run.workbench.settings import arguments, commands
    from x2static.run.workbench.workbench import read_workbench

    for name in ("en.txt", "de.txt", "de-en.txt", "de.odd.txt"):
        (toy / name).write_text("Haus house\n")
    (toy / "w.toml").write_text(WORKBENCH)
    problems = Problems(toy / "w.toml")
    bench = read_workbench(toy / "w.toml", problems)
    assert bench is not None
    task = build_graph(bench, problems)["de/odd.after"]
    assert commands()[task.table] == "eval odd"
    words = arguments(task.table, task.typed)
    assert words == [
        "--vectors=aligned/de",
        "--hub=aligned/en",
        f"--words={toy / 'de.odd.txt'}",
        "--most=5",
    ]
    assert task.waits_for == ("de/align", "en/align")
    assert task.needs.cpus == 3


def test_the_report_draws_it(toy: Path, run_cli: Cli) -> None:
    folder = toy / "run"
    for when, share in (("before", 0.25), ("after", 0.75)):
        place = folder / f"scores/odd.{when}/de.json"
        place.parent.mkdir(parents=True)
        row = {"source": "de", "target": "en", "odd": share, "words": 400}
        place.write_text(json.dumps({"rows": [row]}))
    (folder / "plan.json").write_text('{"hub": "en", "languages": ["en", "de"], "tasks": []}')
    code, _, err = run_cli("report", folder)
    assert code == 0, err
    found = read_page(folder)
    assert ["Language", "", "before", "after", "change", "words"] in found.rows
    row = next(row for row in found.rows if row[0] == "German de")
    assert [cell.split()[0] for cell in row[2:5]] == ["25.0", "75.0", "+50.0"]
    text = "".join(found.text)
    assert "Odd words" in text
    assert "words are odd into en, mean, after alignment; 25.0 % before" in text


def test_descriptors_stand_in_the_tables_order() -> None:
    assert list(evaluations()) == ["bli", "similarity", "retrieval", "nli", "qa", "tagging"]
