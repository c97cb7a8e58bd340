"""Each command, killed at every file operation it makes, goes on, and nothing old is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests import tally
from tests.conftest import ROOT
from tests.kill_points import desks
from tests.kill_points.scenarios import SCENARIOS

Ask = Callable[[str, Path], dict[str, Any]]


WITH_MODEL = (
    desks.make_distillable, desks.make_pairs, desks.make_extendable,
    desks.make_extended, desks.make_languages, desks.make_groups,
    desks.make_run,
)  # fmt: skip


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """What comes of a scenario; forks of a process with torch are dearer, so that has its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    words = [sys.executable, "-m", "tests.kill_points.server"]
    servers: dict[bool, subprocess.Popen[str]] = {}
    with ExitStack() as stack:

        def result(name: str, folder: Path) -> dict[str, Any]:
            with_model = SCENARIOS[name].make in WITH_MODEL
            if with_model not in servers:
                servers[with_model] = stack.enter_context(subprocess.Popen(
                    words, cwd=ROOT, env=environment, text=True, stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                ))  # fmt: skip
            server = servers[with_model]
            assert server.stdin is not None
            assert server.stdout is not None
            server.stdin.write(json.dumps([name, str(folder)]) + "\n")
            server.stdin.flush()
            return dict(json.loads(server.stdout.readline()))

        yield result


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", SCENARIOS)
def test_killed_everywhere_it_goes_on(name: str, tmp_path: Path, ask: Ask) -> None:
    result = ask(name, tmp_path)
    assert "error" not in result, result["error"]
    assert result["faults"] == []
    assert result["tried"] > 3
    tally.count("kill points", result["tried"], of=result["points"])
