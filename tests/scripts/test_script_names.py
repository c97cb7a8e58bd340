"""A script's folder is the first place where Python looks: no script may hide a library."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
OWN = {"align", "continued_pretraining", "eval", "scripts", "x2static"}  # the root comes before


def test_no_script_has_the_name_of_a_library() -> None:
    names = {path.stem for path in SCRIPTS.rglob("*.py")}
    assert names & set(packages_distributions()) <= OWN


def test_numba_finds_its_own_optional_libraries() -> None:
    pytest.importorskip("numba")
    program = f"import sys; sys.path.insert(0, {str(SCRIPTS / 'quality')!r}); import numba"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-500:]
