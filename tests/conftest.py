"""Fixtures and settings that every test shares."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

from tests import tally

ROOT = Path(__file__).resolve().parents[1]

MUST_NOT_LACK = ("no Chromium", "could not import", "UDPipe")
"""Reasons to skip that no machine has after `scripts/setup --system`: it brings the browser and the
tests' packages, and UDPipe models lie in `tests/data`."""

# A shell starts background jobs with SIGINT ignored; the programs under test would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

os.environ["HF_HUB_OFFLINE"] = "1"  # no test may reach the network
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ.pop("PYTHONUNBUFFERED", None)  # it would hide what a process does when it flushes late

# The same examples on every run and no time limits: a slow machine is no failure.
settings.register_profile("house", derandomize=True, deadline=None, max_examples=50)
settings.load_profile("house")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many cases the tests went through that are more than one pytest counts."""
    for line in tally.lines():
        terminalreporter.write_line(line)
    if os.environ.get("CI"):
        for line in _skipped:
            terminalreporter.write_line(f"must not be skipped here: {line}", red=True)


_skipped: dict[str, None] = {}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take the counts of a process that ran some of the tests."""
    tally.add(getattr(node, "workeroutput", {}).get("tally", {}))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember what was skipped for want of something that every full machine has."""
    note_skipped(report)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """The same of a whole file."""
    note_skipped(report)


def note_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Keep the place and the reason, if it is none that a machine may have."""
    if report.skipped and isinstance(report.longrepr, tuple):
        reason = str(report.longrepr[2])
        if any(sign in reason for sign in MUST_NOT_LACK):
            _skipped[f"{report.nodeid}: {reason}"] = None


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """In continuous integration, after `scripts/setup --system`, such a skip is a failure."""
    if os.environ.get("CI") and _skipped and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["tally"] = tally.all_counts()


@pytest.fixture
def rng() -> np.random.Generator:
    """The one source of randomness of a test."""
    return np.random.default_rng(20240611)


@pytest.fixture
def write_text(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a small file by name and get its path."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def run_cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run ``x2static`` in this process: exit code, standard output, standard error."""
    from x2static.cli import main

    def run(*arguments: object) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def refuses(
    run_cli: Callable[..., tuple[int, str, str]],
) -> Callable[..., None]:
    """Check that a command ends with exit code 2 and one error line that matches a pattern."""

    def check(pattern: str, *arguments: object) -> None:
        code, out, err = run_cli(*arguments)
        assert code == 2
        assert out == ""
        lines = err.splitlines()
        assert len(lines) == 1, err
        assert re.search(pattern, lines[0]), lines[0]
        assert lines[0].startswith("error: ")

    return check


@pytest.fixture
def python() -> str:
    """The interpreter for tests that need a process of their own."""
    return sys.executable
