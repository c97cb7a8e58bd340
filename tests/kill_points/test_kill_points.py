"""Each command, killed at every file operation it makes, goes on, and nothing old is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import tally
from tests.conftest import ROOT
from tests.kill_points.scenarios import SCENARIOS

Ask = Callable[[str, Path], dict[str, Any]]


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """What comes of a scenario, by one process for all of them."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    words = [sys.executable, "-m", "tests.kill_points.server"]
    with subprocess.Popen(
        words, cwd=ROOT, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None

        def result(name: str, folder: Path) -> dict[str, Any]:
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
