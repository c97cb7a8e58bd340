"""Where everything is installed, a test that is skipped for want of it is a failure."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests import conftest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("ci", ["true", ""])
def test_page_tests_must_not_be_skipped_in_ci(python: str, tmp_path: Path, ci: str) -> None:
    bare = {"PATH": str(tmp_path), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path), "CI": ci}
    words = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/report/test_phone.py"]
    done = subprocess.run(
        words, cwd=ROOT, env={**os.environ, **bare}, capture_output=True, text=True, check=False
    )
    assert "skipped" in done.stdout, done.stdout + done.stderr
    assert done.returncode == (1 if ci else 0)
    said = "must not be skipped here: tests/report/test_phone.py"
    assert (said in done.stdout) == bool(ci)


@pytest.mark.parametrize(
    ("reason", "counts"),
    [
        ("Skipped: no Chromium", True),
        ("Skipped: could not import 'model2vec': No module named 'model2vec'", True),
        ("Skipped: needs real UDPipe models", True),
        ("Skipped: needs a CUDA device", False),
    ],
)
def test_a_skip_counts_by_its_reason(
    monkeypatch: pytest.MonkeyPatch, reason: str, counts: bool
) -> None:
    found: dict[str, None] = {}
    monkeypatch.setattr(conftest, "_skipped", found)
    skipped = pytest.CollectReport("tests/x.py", "skipped", ("tests/x.py", 1, reason), [])
    conftest.note_skipped(skipped)
    assert list(found) == ([f"tests/x.py: {reason}"] if counts else [])
