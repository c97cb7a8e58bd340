"""Every case of every ``cases_AREA.py`` beside this file."""

from __future__ import annotations

import importlib.util
import os
import re
import resource
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hostile.case import Case, listing
from tests.tally import count

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

# Besides warnings: progress, and the problems of a workbench file, each on a line of its own.
_REMARK = re.compile(r"warning: |note: |[a-z]+: [\d,]+/[\d,]+ |w\.toml: ")
Answer = tuple[int, str, str]


def cases_of(path: Path) -> list[Case]:
    """The table ``CASES`` of a file."""
    spec = importlib.util.spec_from_file_location(f"tests.hostile.{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    cases: list[Case] = module.CASES
    return cases


ALL = [
    pytest.param(case, id=f"{path.stem.removeprefix('cases_')}-{case.name}")
    for path in sorted(HERE.glob("cases_*.py"))
    for case in cases_of(path)
]


def run_alone(case: Case, folder: Path) -> Answer:
    """The program in a process of its own, which may neither last nor grow."""

    def limit() -> None:
        size = int(case.gigabytes * 2**30)
        resource.setrlimit(resource.RLIMIT_AS, (size, size))

    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    environment["OPENBLAS_NUM_THREADS"] = "1"  # each further thread takes address space
    answer = subprocess.run(
        [sys.executable, "-m", "x2static", *shlex.split(case.command)],
        cwd=folder,
        env=environment,
        preexec_fn=limit,
        timeout=case.seconds,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.returncode, answer.stdout, answer.stderr


def test_names_are_unique_and_there_are_cases_for_every_command() -> None:
    from x2static.commands import COMMANDS, split_command

    names = [param.id for param in ALL]
    assert len(set(names)) == len(names)
    tried = {split_command(shlex.split(param.values[0].command))[0] for param in ALL}
    assert set(COMMANDS) - tried == set()


@pytest.mark.parametrize("case", ALL)
def test_it_ends_in_one_line_and_leaves_nothing_behind(
    case: Case,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    run_cli: Callable[..., Answer],
) -> None:
    count("hostile cases")
    case.lay_out(tmp_path)
    before = listing(tmp_path, case.makes)
    if case.alone:
        code, out, err = run_alone(case, tmp_path)
    else:
        monkeypatch.chdir(tmp_path)
        code, out, err = run_cli(*shlex.split(case.command))
    assert "Traceback" not in err
    lines = [line for line in err.splitlines() if not _REMARK.match(line)]
    if case.line is None:
        assert code == 0, err
    else:
        assert code == 2, f"exit code {code}: {out}{err}"
        assert out == ""
        assert len(lines) == 1, err
        assert lines[0].startswith("error: ")
        assert re.search(case.line, err), err
    assert listing(tmp_path, case.makes) == before
