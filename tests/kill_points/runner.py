"""``python -m tests.kill_points.runner SCENARIO FOLDER``: kill a command, then go on, many times.

Every point is tried with ``--all``, and of a scenario with few points. Of one with many, the test
suite has time for each moment at which a name changes its meaning (a rename, a deletion) and for
every few of the others.

Imports are paid once: this process only loads modules (`tests.kill_points.modules`), and every
command runs in a fork of it. The last line is JSON: how many points there are, how many were tried,
how often ``--overwrite`` was needed, and the faults.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.kill_points.inline_executor import InlineExecutor
from tests.kill_points.interposed import KILLED, KillPoints, holders_of_open
from tests.kill_points.modules import Notes, load
from tests.kill_points.scenarios import BYSTANDERS, SCENARIOS, Scenario
from x2static.core.storage import run_record
from x2static.core.storage.commit import finish_commits
from x2static.core.storage.leftovers import is_leftover, restore_retired

Contents = dict[str, object]
_CHANGES_EACH_TIME = ("plan.json", ".hashes.json", ".lock", "curve.jsonl")
_FEW = 60
_DECISIVE = ("rename", "replace", "unlink", "remove", "rmdir", "truncate", "ftruncate")


class Killer:
    """Runs one scenario below a folder."""

    def __init__(self, scenario: Scenario, folder: Path) -> None:
        """Make the desk that every try starts from, and the unbroken result."""
        self.scenario, self.folder = scenario, folder
        self.faults: list[str] = []
        self.num_overwritten = 0
        self.base = folder / "base"
        self.base.mkdir(parents=True)
        if scenario.over:
            scenario.make(self.base, 1)  # type: ignore[call-arg]
            self._must(self.base, scenario.command)
            for place in self.base.iterdir():
                if not any(self._is_output(place.name, path) for path in scenario.outputs):
                    _remove(place)
        scenario.make(self.base)
        for name, text in BYSTANDERS.items():
            (self.base / name).parent.mkdir(exist_ok=True)
            (self.base / name).write_text(text)
        self.old = contents(self.base)
        self.command = (*scenario.command, *(("--overwrite",) if scenario.over else ()))
        whole = self._copy("desk")  # the name that every try has: some outputs hold their path
        self.kinds = self._note_points(whole)
        self.new = contents(whole)
        shutil.rmtree(whole)

    def kill(self, points: Sequence[int]) -> None:
        """One point after the other."""
        for point in points:
            desk = self._killed_at(point)
            if any(desk.rglob(".*.commit")):  # it knows files by their inodes: no copy will do
                self._check_whole(desk, point)
                shutil.rmtree(desk)
                desk = self._killed_at(point)
            else:
                settled = Path(shutil.copytree(desk, self.folder / "settled"))
                self._check_whole(settled, point)
                shutil.rmtree(settled)
            self._go_on(desk, point)
            found = contents(desk)
            if found != self.new:
                self.faults.append(f"point {point}: {difference(found, self.new)}")
            shutil.rmtree(desk)
            print(f"point {point} of {len(self.kinds)}", *self.faults[-1:], flush=True)

    def _killed_at(self, point: int) -> Path:
        """A desk as the command leaves it when it dies there."""
        desk = self._copy("desk")
        code = self._run(desk, self.command, point)
        if code != KILLED:
            self.faults.append(f"point {point}: ended with {code} before it was reached")
        return desk

    def _check_whole(self, desk: Path, point: int) -> None:
        """Once settled, the outputs are all the old ones or all the new ones."""
        self._fork(desk, lambda: _settle(desk, self.scenario.outputs))
        found = contents(desk)
        for name, text in BYSTANDERS.items():
            if found.get(name) != text.encode():
                self.faults.append(f"point {point}: {name} has changed")
        if self._is_run():  # its outputs come one after the other
            return
        ages = {path: self._ages(found, path) for path in self.scenario.outputs}
        for path, age in ages.items():
            if not age:
                self.faults.append(f"point {point}: {path} is neither old nor new")
        for paths in self.scenario.apart or [self.scenario.outputs]:
            if not set.intersection(*(ages[path] or {"old", "new"} for path in paths)):
                self.faults.append(f"point {point}: outputs of two runs: {ages}")

    def _ages(self, found: Contents, path: str) -> set[str]:
        """Of which run an output and its record are, the old one or the new one; or of both."""
        runs = {"old": self.old, "new": self.new}
        return {age for age, run in runs.items() if _part(found, path) == _part(run, path)}

    def _go_on(self, desk: Path, point: int) -> None:
        scenario = self.scenario
        again = (*self.command, *(("--resume",) if scenario.resumes else ()))
        if self._run(desk, again) == 0:
            return
        said = (self.folder / "said.txt").read_text()
        if not scenario.has_overwrite or self._run(desk, (*again, "--overwrite")) != 0:
            self.faults.append(f"point {point}: did not go on: {said[-300:]}")
        self.num_overwritten += 1

    def _note_points(self, desk: Path) -> list[str]:
        """Run without a kill: what happens at each point; load the modules that took part."""
        note = self.folder / "notes.json"

        def act() -> int:
            points, notes = KillPoints(desk), Notes()
            points.install()
            notes.note_patterns()
            code = _command(self.command)
            with note.open("w") as stream:
                json.dump([points.kinds, notes.text()], stream)
            return code

        if code := self._fork(desk, act):
            raise SystemExit(f"unbroken: {code}: {(self.folder / 'said.txt').read_text()}")
        kinds, self.notes = json.loads(note.read_text())
        load(Notes(**self.notes))
        self.holders = holders_of_open()
        return list(kinds)

    def _must(self, desk: Path, command: Sequence[str]) -> None:
        if code := self._run(desk, command):
            raise SystemExit(f"{code}: {(self.folder / 'said.txt').read_text()}")

    def _run(self, desk: Path, command: Sequence[str], die_at: int | None = None) -> int:
        def act() -> int:
            if die_at is not None:
                KillPoints(desk, die_at).install(self.holders)
            return _command(command)

        return self._fork(desk, act)

    def _fork(self, desk: Path, act: Callable[[], int]) -> int:
        """What a fork of this process, at home on a desk, ends with."""
        child = os.fork()
        if child == 0:
            code = 70
            try:
                with (self.folder / "said.txt").open("w") as said:
                    os.dup2(said.fileno(), 1)
                    os.dup2(said.fileno(), 2)
                os.chdir(desk)
                code = act()
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def _copy(self, name: str) -> Path:
        return Path(shutil.copytree(self.base, self.folder / name))

    def _is_run(self) -> bool:
        return self.scenario.command[0] == "run"

    @staticmethod
    def _is_output(name: str, path: str) -> bool:
        first = path.split("/")[0]
        return name in (first, f"{first}.run.json")


def contents(folder: Path) -> Contents:
    """Every file, and every empty folder; what tells time is left out."""
    found: Contents = {}
    for place in sorted(folder.rglob("*")):
        name = str(place.relative_to(folder))
        if place.is_dir():
            if not any(place.iterdir()):
                found[name] = "empty folder"
        elif place.name in _CHANGES_EACH_TIME or place.suffix == ".log":
            found[name] = "a file"
        else:
            found[name] = place.read_bytes()
            with contextlib.suppress(ValueError):  # half a record, in what is not yet an output
                if place.name.endswith("run.json"):
                    record = json.loads(place.read_text())
                    found[name] = [record["command"], _settings(record), record["inputs"]]
                elif place.name == "scores.json":
                    found[name] = json.loads(place.read_text())["rows"]
    return found


def difference(found: Mapping[str, object], wanted: Mapping[str, object]) -> str:
    """What is missing, too much or other."""
    missing, more = sorted(wanted.keys() - found.keys()), sorted(found.keys() - wanted.keys())
    other = [name for name in wanted if name in found and found[name] != wanted[name]]
    return f"missing {missing}, too much {more}, other {other}"


def _settings(record: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in record["settings"].items() if k not in ("resume", "overwrite")}


def _part(found: Contents, path: str) -> Contents:
    """An output and its record, without what is still on its way into a folder."""
    mine = (path, f"{path}.run.json")
    whole = {n: value for n, value in found.items() if not is_leftover(Path(n))}
    return {n: value for n, value in whole.items() if n in mine or n.startswith(f"{path}/")}


def _settle(desk: Path, outputs: Sequence[str]) -> int:
    """What every command does before it looks at a place."""
    for output in outputs:
        place = desk / output
        if place.parent.is_dir():
            finish_commits(place.parent)
            finish_commits(place)
            restore_retired(place)
    return 0


def _command(words: Sequence[str]) -> int:
    from x2static import cli
    from x2static.run import stage

    run_record.git_commit = lambda: None
    run_record.package_versions = stage.package_versions = dict  # type: ignore[assignment]
    stage.make_executor = lambda *_: InlineExecutor()  # type: ignore[assignment]
    return cli.main(list(words))


def _remove(place: Path) -> None:
    shutil.rmtree(place) if place.is_dir() else place.unlink()


def chosen(kinds: Sequence[str], every: int) -> list[int]:
    """The points to try: all of a few; of many, the decisive ones and each ``every``-th other."""
    if len(kinds) <= _FEW:
        every = 1
    points, others = [], 0
    for point, kind in enumerate(kinds, 1):
        is_decisive = kind in _DECISIVE
        if is_decisive or others % every == 0:
            points.append(point)
        others += not is_decisive
    return points


def try_scenario(name: str, folder: Path, *, whole: bool = False) -> dict[str, Any]:
    """Kill, and say what came of it, and what it had to load."""
    killer = Killer(SCENARIOS[name], folder)
    points = chosen(killer.kinds, every=1 if whole else 10)
    killer.kill(points)
    return {
        "points": len(killer.kinds),
        "tried": len(points),
        "overwritten": killer.num_overwritten,
        "faults": killer.faults,
        "notes": killer.notes,
    }


def main() -> None:
    """One scenario."""
    parser = argparse.ArgumentParser()
    parser.add_argument("scenario", choices=SCENARIOS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--all", action="store_true", help="every point, however many there are")
    arguments = parser.parse_args()
    sys.dont_write_bytecode = True
    result = try_scenario(arguments.scenario, arguments.folder, whole=arguments.all)
    print(json.dumps({name: value for name, value in result.items() if name != "notes"}))


if __name__ == "__main__":
    main()
