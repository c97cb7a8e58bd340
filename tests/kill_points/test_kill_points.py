"""Each command, killed at every file operation it makes, goes on, and nothing old is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import tally
from tests.conftest import ROOT
from tests.kill_points.scenarios import SCENARIOS


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", SCENARIOS)
def test_killed_everywhere_it_goes_on(name: str, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    words = [sys.executable, "-m", "tests.kill_points.runner", name, str(tmp_path)]
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["faults"] == []
    assert result["tried"] > 3
    tally.count("kill points", result["tried"], of=result["points"])
