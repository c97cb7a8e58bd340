"""A run writes over nothing that no run has made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kill_points.inline_executor import InlineExecutor
from tests.run.small_run import TOML, write_workbench
from x2static.run import stage

Refuses = Callable[..., None]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_workbench(tmp_path_factory.mktemp("bench"), sentences=40).parent


@pytest.fixture
def file(bench: Path, tmp_path: Path) -> Path:
    """The workbench with an output of its own."""
    text = TOML.replace('"run"', f'"{tmp_path / "run"}"')
    place = bench / f"{tmp_path.name}.toml"
    place.write_text(text)
    return place


def contents(folder: Path) -> dict[str, str]:
    return {str(path): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "name",
    [
        "workbench.toml",
        "plan.json",
        "vectors/en/thesis.txt",
        "sentences/en.txt",
        "sentences/en.txt.run.json",
        "vectors/en.unfinished/x",
        "logs/en.distill.log",
        "export/en.vec",
        "aligned/en.map.safetensors",
    ],
)
@pytest.mark.parametrize("options", [(), ("--dry-run",), ("--from", "prepare")])
def test_what_no_run_made_is_refused(
    name: str, options: tuple[str, ...], file: Path, tmp_path: Path, refuses: Refuses
) -> None:
    place = tmp_path / "run" / name
    place.parent.mkdir(parents=True)
    place.write_text("dear to somebody")
    refuses("is there, and no earlier run made it; give another 'output'", "run", file, *options)
    assert contents(tmp_path) == {str(place): "dear to somebody"}


@pytest.mark.parametrize("plan", ["[]", "{}", "[" * 100_000, '{"schema": 1, "tasks": 3}'])
def test_a_plan_of_somebody_else_is_refused(
    plan: str, file: Path, tmp_path: Path, refuses: Refuses
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "plan.json").write_text(plan)
    refuses("plan.json is there, and no earlier run made it", "run", file)
    assert (tmp_path / "run" / "plan.json").read_text() == plan


def test_other_files_stay_and_the_runs_own_are_renewed(
    file: Path,
    tmp_path: Path,
    run_cli: Callable[..., tuple[int, str, str]],
    refuses: Refuses,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stage, "make_executor", lambda *_: InlineExecutor())
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "notes.txt").write_text("mine")
    assert run_cli("run", file, "--only", "prepare")[0] == 0
    (tmp_path / "run" / "vectors" / "en").mkdir(parents=True)
    (tmp_path / "run" / "vectors" / "en" / "mine").write_text("mine")
    refuses("vectors/en is there, and no earlier run made it", "run", file)  # not yet begun
    (tmp_path / "run" / "vectors" / "en" / "mine").unlink()
    (tmp_path / "run" / "vectors" / "en").rmdir()
    file.write_text(file.read_text().replace("min_count = 1", "min_count = 2"))
    assert run_cli("run", file)[0] == 0
    (tmp_path / "run" / "sentences" / "en.txt").write_text("changed by hand")
    assert run_cli("run", file)[0] == 0
    assert (tmp_path / "run" / "notes.txt").read_text() == "mine"


def test_texts_do_not_lie_where_their_sentences_go(
    file: Path, tmp_path: Path, refuses: Refuses
) -> None:
    place = tmp_path / "run" / "sentences" / "en.txt"
    place.parent.mkdir(parents=True)
    place.write_text("the cat sat on the mat\n")
    text = file.read_text().replace('"{}.txt"', f'"{tmp_path}/run/sentences/{{}}.txt"')
    file.write_text(text)
    refuses("lie in one another; choose another .output", "run", file)
    assert contents(tmp_path) == {str(place): "the cat sat on the mat\n"}
