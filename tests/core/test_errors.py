"""User errors and the remedy for missing packages."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from x2static.core import errors
from x2static.core.errors import MissingDependencyError, WorkbenchError, one_line, require


def test_every_error_is_a_workbench_error() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    kinds = [kind for kind in kinds if kind.__module__ == errors.__name__]
    assert len(kinds) >= 8
    assert all(issubclass(kind, WorkbenchError) for kind in kinds)


def test_present_module_is_returned() -> None:
    assert require("json", "any", "anything") is json


def test_missing_module_names_purpose_package_and_extra() -> None:
    with pytest.raises(MissingDependencyError) as caught:
        require("no_such_package.part", "chinese", "Chinese text")
    assert str(caught.value) == (
        "Chinese text needs the package no_such_package: pip install 'x2static-workbench[chinese]'"
    )


def test_missing_package_behind_a_present_one_is_the_one_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "present_package.py").write_text("import absent_package\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingDependencyError, match="needs the package absent_package:"):
        require("present_package", "x", "This")
    assert "present_package" not in sys.modules


@pytest.mark.parametrize("kind", ["ImportError", "OSError", "RuntimeError", "ValueError"])
def test_broken_package_is_named_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    (tmp_path / f"broken_{kind}.py").write_text(f"raise {kind}('libx.so.6:\\nnot found')\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingDependencyError) as caught:
        require(f"broken_{kind}", "x", "This")
    assert str(caught.value) == (
        f"This needs the package broken_{kind}, whose installation is broken "
        "(libx.so.6: not found): reinstall it"
    )


def test_bug_in_a_package_keeps_its_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "buggy_package.py").write_text("raise IndexError('oh')\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(IndexError, match="oh"):
        require("buggy_package", "x", "This")


def test_a_message_is_one_line_that_a_terminal_shows_as_it_is() -> None:
    text = one_line("a\nb\x1b[31m\u2028\udcff \u00e4\u6c49")
    assert text == "a b\\x1b[31m\\u2028\\udcff \u00e4\u6c49"
