from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

_TEST = """
from tests import tally


def test_counts():
    tally.count("kill points")
    tally.count("kill points", 41)
    tally.count("samples", 3, of=3)
    tally.count("samples", 2, of=7)
"""


@pytest.mark.parametrize("processes", ["0", "2"])
def test_the_summary_of_a_test_run_says_what_was_counted(python, tmp_path: Path, processes):
    (tmp_path / "test_one.py").write_text(_TEST)
    place = tmp_path / "conftest.py"
    place.write_text((ROOT / "tests" / "conftest.py").read_text())
    words = [python, "-m", "pytest", "-q", "-n", processes, "-c", str(ROOT / "pyproject.toml")]
    done = subprocess.run(
        [*words, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "kill points: 42" in done.stdout.splitlines()
    assert "samples: 5 of 10" in done.stdout.splitlines()
