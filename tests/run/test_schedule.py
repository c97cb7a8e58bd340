"""Which tasks are done, kept, or left waiting: toy tasks and an executor of functions."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import pytest

from x2static.core.errors import ConfigError
from x2static.core.setting import free
from x2static.run.executors.order import Order, Result
from x2static.run.plan.fingerprints import Fingerprints
from x2static.run.plan.graph import Task
from x2static.run.plan.plan_file import Entry, read_plan
from x2static.run.plan.selection import select, select_from
from x2static.run.schedule import Schedule


@dataclass(frozen=True)
class ToyConfig:
    """A setting that decides and one that does not."""

    letter: str = "a"
    threads: Annotated[int, free("how many")] = 1


def toy(language: str, stage: str, reads: Sequence[str], letter: str = "a", **more: object) -> Task:
    """A task that writes its letter and what it reads to ``LANGUAGE.STAGE``."""
    inner = [name for name in reads if not name.startswith("/")]
    return Task(
        language=language, stage=stage, table=stage, config=ToyConfig(letter),
        inputs=tuple(reads), outputs=(f"{language}.{stage}",),
        waits_for=tuple(name.replace(".", "/") for name in inner), **more,
    )  # fmt: skip


class Hands:
    """Performs orders one at a time, in this process; keeps a list of them."""

    def __init__(self, tasks: dict[str, Task], fails: Sequence[str] = ()) -> None:
        self.done: list[str] = []
        self._tasks, self._fails, self._results = tasks, fails, list[Result]()

    def has_room(self) -> bool:
        return not self._results

    def start(self, order: Order) -> None:
        task = self._tasks[order.name]
        self.done.append(order.name)
        if order.name in self._fails:
            self._results.append(Result(name=order.name, code=2, seconds=1, error="no luck"))
            return
        text = task.config.letter + "".join((order.folder / p).read_text() for p in task.inputs)
        (order.folder / task.outputs[0]).write_text(text)
        self._results.append(Result(name=order.name, code=0, seconds=1.0))

    def finished(self, seconds: float) -> list[Result]:
        results, self._results = self._results, []
        return results

    def stop(self) -> None:
        pass

    def close(self) -> None:
        pass


class Silent:
    """Watches and says nothing."""

    def kept(self, task: Task, entry: Entry) -> None: ...
    def started(self, task: Task, why: str) -> None: ...
    def ended(self, task: Task, entry: Entry) -> None: ...
    def tick(self) -> None: ...


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for language in ("de", "fr"):
        (tmp_path / f"{language}.txt").write_text(language)
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


@pytest.fixture
def tasks(folder: Path) -> dict[str, Task]:
    """Two languages of two stages, and one over both."""
    made = [
        *(toy(code, "prepare", [str(folder.parent / f"{code}.txt")]) for code in ("de", "fr")),
        *(toy(code, "distill", [f"{code}.prepare"]) for code in ("de", "fr")),
        toy("*", "pretrain", ["de.distill", "fr.distill"]),
    ]
    return {task.name: task for task in made}


@pytest.fixture
def run(folder: Path) -> Callable[..., tuple[list[str], Schedule]]:
    """Run a graph; gives the orders and the schedule."""

    def run(
        tasks: dict[str, Task], *, fails: Sequence[str] = (), only: Sequence[str] = (),
        from_: str | None = None,
    ) -> tuple[list[str], Schedule]:  # fmt: skip
        hands = Hands(tasks, fails)
        schedule = Schedule(
            folder, tasks, chosen=select(tasks, only), again=select_from(tasks, from_)
        )
        schedule.run(
            hands,
            lambda t: Order(name=t.name, folder=folder, module="", words=(), log=t.log),
            Silent(),
        )
        return hands.done, schedule

    return run


def states(schedule: Schedule) -> dict[str, str]:
    return {name: entry.state for name, entry in schedule.entries.items()}


def test_all_is_done_once_in_order(run, tasks):
    done, schedule = run(tasks)
    assert done == ["de/prepare", "fr/prepare", "de/distill", "fr/distill", "*/pretrain"]
    assert set(states(schedule).values()) == {"done"}
    assert run(tasks)[0] == []


def test_a_changed_setting_runs_its_task_and_what_follows(run, tasks):
    run(tasks)
    tasks["de/distill"] = replace(tasks["de/distill"], config=ToyConfig("b"))
    assert run(tasks)[0] == ["de/distill", "*/pretrain"]


def test_a_setting_that_decides_nothing_runs_nothing(run, tasks):
    run(tasks)
    tasks["de/distill"] = replace(tasks["de/distill"], config=ToyConfig(threads=8))
    assert run(tasks)[0] == []


def test_a_changed_input_runs_what_reads_it(run, tasks, folder):
    run(tasks)
    (folder.parent / "fr.txt").write_text("FR")
    assert run(tasks)[0] == ["fr/prepare", "fr/distill", "*/pretrain"]


def test_an_input_that_was_only_touched_runs_nothing(run, tasks, folder):
    run(tasks)
    (folder.parent / "fr.txt").write_text("fr")
    assert run(tasks)[0] == []


def test_the_same_outcome_of_a_changed_stage_ends_the_chain(run, tasks):
    run(tasks)
    tasks["de/prepare"] = replace(tasks["de/prepare"], table="another")
    assert run(tasks)[0] == ["de/prepare"]


def test_a_missing_or_altered_output_is_made_again(run, tasks, folder):
    run(tasks)
    (folder / "de.distill").unlink()
    assert run(tasks)[0] == ["de/distill"]
    (folder / "fr.distill").write_text("damaged")
    assert run(tasks)[0] == ["fr/distill"]


def test_a_failure_stops_only_what_waits_for_it(run, tasks):
    done, schedule = run(tasks, fails=["de/prepare"])
    assert done == ["de/prepare", "fr/prepare", "fr/distill"]
    assert states(schedule)["*/pretrain"] == "waiting"
    assert schedule.entries["de/prepare"].error == "no luck"
    assert schedule.entries["de/distill"].error == "waits for de/prepare, which failed"
    assert run(tasks)[0] == ["de/prepare", "de/distill", "*/pretrain"]


def test_a_lost_plan_means_all_anew(run, tasks, folder):
    run(tasks)
    (folder / "plan.json").write_text("{")
    assert len(run(tasks)[0]) == 5


def test_only_does_what_was_asked_for(run, tasks):
    done, schedule = run(tasks, only=["de"])
    assert done == ["de/prepare", "de/distill"]
    assert states(schedule)["fr/prepare"] == "waiting"
    assert schedule.entries["fr/prepare"].error == "not asked for"
    assert run(tasks, only=["fr/*"])[0] == ["fr/prepare", "fr/distill"]
    assert run(tasks)[0] == ["*/pretrain"]


def test_only_keeps_the_rest_in_the_plan(run, tasks, folder):
    run(tasks)
    run(tasks, only=["de/prepare"])
    assert {entry.state for entry in read_plan(folder).values()} == {"done"}


def test_from_does_a_stage_and_what_follows_anew(run, tasks):
    run(tasks)
    assert run(tasks, from_="distill")[0] == ["de/distill", "fr/distill", "*/pretrain"]
    assert run(tasks, from_="distill", only=["de"])[0] == ["de/distill"]


@pytest.mark.parametrize(
    ("patterns", "message"),
    [(["de/destill"], "did you mean 'de/distill'"), (["nothing-like-it"], "give LANG/STAGE")],
)
def test_only_names_what_it_does_not_know(tasks, patterns, message):
    with pytest.raises(ConfigError, match=message):
        select(tasks, patterns)


def test_from_names_the_closest_stage(tasks):
    with pytest.raises(ConfigError, match="did you mean 'prepare'"):
        select_from(tasks, "prepair")


def test_preview_says_why_and_changes_nothing(run, tasks, folder):
    run(tasks)
    before = sorted(path.name for path in folder.iterdir())
    tasks["de/distill"] = replace(tasks["de/distill"], config=ToyConfig("b"))
    found = Schedule(folder, tasks, chosen=set(tasks)).preview()
    assert found == {
        "de/prepare": "kept", "fr/prepare": "kept", "de/distill": "run: letter was a and is b",
        "fr/distill": "kept", "*/pretrain": "run: after de/distill",
    }  # fmt: skip
    assert sorted(path.name for path in folder.iterdir()) == before


def test_leftovers_of_other_settings_are_gone_before_a_task_begins(run, tasks, folder):
    run(tasks)
    for name in ("de.distill.unfinished", "de.distill.run.json"):
        (folder / name).write_text("old")
    tasks["de/distill"] = replace(tasks["de/distill"], config=ToyConfig("b"))
    run(tasks)
    assert not (folder / "de.distill.unfinished").exists()
    assert not (folder / "de.distill.run.json").exists()


def test_unfinished_work_of_the_same_task_stays(run, tasks, folder):
    run(tasks, fails=["de/distill"])
    (folder / "de.distill.unfinished").write_text("half")
    run(tasks)
    assert (folder / "de.distill.unfinished").read_text() == "half"


def test_skipped_tasks_say_why(run, tasks):
    tasks["de/bli.after"] = Task(language="de", stage="bli.after", skipped="no dictionary")
    done, schedule = run(tasks)
    assert "de/bli.after" not in done
    assert schedule.entries["de/bli.after"].state == "skipped"
    assert schedule.entries["de/bli.after"].error == "no dictionary"


def test_the_plan_has_the_schema_that_others_read(run, tasks, folder):
    run(tasks)
    plan = json.loads((folder / "plan.json").read_text())
    assert plan["schema"] == 1
    task = plan["tasks"][2]
    assert task["language"] == "de"
    assert task["stage"] == "distill"
    assert task["state"] == "done"
    assert task["needs"] == ["de/prepare"]
    assert task["outputs"] == ["de.distill"]
    assert list(task["inputs"]) == ["de.prepare"]
    assert task["settings"] == {"letter": "a", "threads": 1}


def test_a_corpus_may_move(run, tasks, folder):
    def lies_at(path: Path) -> None:
        task = replace(tasks["de/prepare"], inputs=(str(path),), config=ToyConfig(str(path)))
        tasks["de/prepare"] = task

    lies_at(folder.parent / "de.txt")
    run(tasks)
    (folder.parent / "de.txt").rename(folder.parent / "moved.txt")
    lies_at(folder.parent / "moved.txt")
    assert run(tasks)[0] == []


def test_a_missing_input_fails_its_task_alone(run, tasks, folder):
    (folder.parent / "de.txt").unlink()
    done, schedule = run(tasks)
    assert done == ["fr/prepare", "fr/distill"]
    assert schedule.entries["de/prepare"].error.endswith("de.txt is missing")


def test_digests_are_read_again_only_when_a_file_changed(tmp_path, monkeypatch):
    reads = []
    monkeypatch.setattr(
        "x2static.run.plan.fingerprints.sha256", lambda p: reads.append(p.name) or p.read_text()
    )
    (tmp_path / "a").write_text("one")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "run.json").write_text("times")
    (tmp_path / "b" / "data").write_text("two")
    first = Fingerprints(tmp_path)
    found = first.of("a"), first.of("b"), first.of("missing")
    first.save()
    second = Fingerprints(tmp_path)
    assert (second.of("a"), second.of("b"), second.of("missing")) == found
    assert reads == ["a", "data"]
    (tmp_path / "b" / "run.json").write_text("other times")
    assert second.of("b") == found[1]
    (tmp_path / "a").write_text("ONE")  # same size
    assert second.of("a") == "ONE"
