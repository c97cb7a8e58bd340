"""The house itself: packaging, pins and scripts agree with each other."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from x2static.core.storage.run_record import package_versions

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
STAGES = ("x2static", "align", "eval", "continued_pretraining")
SCRIPTS = ("scripts/setup", "scripts/test", "scripts/bench", ".ci/run")
VAGUE = {"utils", "util", "helpers", "common", "misc", "base"}


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def name_of(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert match is not None, requirement
    return match[0].lower().replace("_", "-").replace(".", "-")


def pins() -> dict[str, list[str]]:
    """Constraint lines by package."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    found: dict[str, list[str]] = {}
    for line in lines:
        if line and not line.startswith("#"):
            found.setdefault(name_of(line), []).append(line)
    return found


def test_type_checker_covers_every_package_there_is(project: dict[str, Any]) -> None:
    there = [name for name in STAGES if any((ROOT / name).rglob("*.py"))]
    assert project["tool"]["mypy"]["packages"] == there


def test_every_requirement_is_pinned_exactly(project: dict[str, Any]) -> None:
    groups = [project["project"]["dependencies"]]
    groups += project["project"]["optional-dependencies"].values()
    wanted = {name_of(requirement) for group in groups for requirement in group}
    pinned = pins()
    assert wanted - set(pinned) - {"x2static-workbench"} == set()
    for lines in pinned.values():
        assert all("==" in line for line in lines)


def test_pins_of_one_package_never_overlap() -> None:
    for name, lines in pins().items():
        markers = sorted(line.partition(";")[2].strip() for line in lines)
        assert len(lines) == 1 or markers == [
            "python_version < '3.11'",
            "python_version >= '3.11'",
        ], name


def test_extras_named_in_error_messages_exist(project: dict[str, Any]) -> None:
    extras = set(project["project"]["optional-dependencies"])
    call = re.compile(r"""\brequire\(\s*["'][\w.]+["'],\s*["'](\w+)["']""")
    sources = [path for name in STAGES for path in (ROOT / name).rglob("*.py")]
    named = {extra for path in sources for extra in call.findall(path.read_text("utf-8"))}
    assert named  # the pattern sees the calls
    assert named <= extras


def test_no_module_has_a_vague_name() -> None:
    names = {path.stem for name in STAGES for path in (ROOT / name).rglob("*")}
    assert names & VAGUE == set()


@pytest.mark.parametrize("script", SCRIPTS)
def test_script_is_executable_and_bash_can_read_it(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)
    subprocess.run(["bash", "-n", ROOT / script], check=True)
    assert "\r" not in (ROOT / script).read_text()


def test_setup_refuses_unknown_arguments_in_one_line() -> None:
    answer = subprocess.run(
        [ROOT / "scripts/setup", "--sytem"], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 2
    assert answer.stderr == "error: scripts/setup: unknown argument '--sytem'; known: --system\n"


def test_version_is_stated_once(project: dict[str, Any]) -> None:
    from x2static import __version__

    assert project["project"]["version"] == __version__
    assert package_versions()["x2static-workbench"] == __version__
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text() or (
        "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text()
    )
