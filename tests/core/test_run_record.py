"""What a run record holds, and what it must never do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from x2static.core.storage import run_record
from x2static.core.storage.files import sha256
from x2static.core.storage.run_record import (
    RunRecord,
    git_commit,
    package_versions,
    plain,
    read_record,
    record_path,
)


@dataclass(frozen=True)
class Settings:
    corpus: Path = Path("c.txt")
    layers: tuple[int, ...] = (6, 7)
    rate: float = 0.5


def test_record_lies_in_a_folder_or_beside_a_file(tmp_path: Path) -> None:
    assert record_path(tmp_path) == tmp_path / "run.json"
    assert record_path(tmp_path / "a.txt.gz") == tmp_path / "a.txt.gz.run.json"


def test_record_holds_settings_inputs_counts_and_origin(tmp_path: Path) -> None:
    corpus = tmp_path / "c.txt"
    corpus.write_text("ein Haus\n")
    record = RunRecord("distill", Settings(), [corpus])
    record.counts["words"] = np.int64(3)
    record.notes["loss"] = np.float32(0.5)
    output = tmp_path / "out"
    output.mkdir()
    record.write(record_path(output))

    saved = read_record(output)
    assert saved is not None
    assert saved["command"] == "distill"
    assert saved["settings"] == {"corpus": "c.txt", "layers": [6, 7], "rate": 0.5}
    assert saved["inputs"] == {str(corpus): {"sha256": sha256(corpus), "bytes": 9}}
    assert saved["counts"] == {"words": 3}
    assert saved["loss"] == 0.5
    assert saved["versions"]["numpy"] == np.__version__
    assert saved["arguments"] == sys.argv[1:]
    assert saved["started"].endswith("+00:00")


def test_seconds_count_from_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1000.0)
    record = RunRecord("x", Settings())
    monkeypatch.setattr(time, "time", lambda: 1012.3456)
    assert record.as_dict()["seconds"] == 12.346
    assert record.as_dict()["started"] == "1970-01-01T00:16:40+00:00"


def test_folder_input_is_hashed_whole(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    record = RunRecord("x", Settings(), [tmp_path / "model"])
    assert record.inputs == {str(tmp_path / "model"): {"sha256": sha256(tmp_path / "model")}}


def test_missing_input_has_no_digest(tmp_path: Path) -> None:
    assert RunRecord("x", Settings(), [tmp_path / "no"]).inputs[str(tmp_path / "no")] == {
        "sha256": None
    }


@pytest.mark.timeout(20)
def test_pipe_is_not_read_for_its_digest(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert RunRecord("x", Settings(), [pipe]).inputs == {str(pipe): {"sha256": None}}


def test_unreadable_input_leaves_the_complaint_to_the_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(path: Path) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(run_record, "sha256", forbidden)
    (tmp_path / "a").write_text("")
    assert RunRecord("x", Settings(), [tmp_path / "a"]).inputs[str(tmp_path / "a")] == {
        "sha256": None
    }


def test_path_that_is_no_utf8_survives_as_json(tmp_path: Path) -> None:
    odd = Path(os.fsdecode(b"caf\xe9"))
    RunRecord("x", Settings(corpus=odd)).write(tmp_path / "r.json")
    saved = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert saved["settings"]["corpus"] == str(odd)


@pytest.mark.parametrize("content", [None, "", "{", "\xff"])
def test_absent_or_broken_record_is_none(content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "run.json").write_text(content, encoding="latin-1")
    assert read_record(tmp_path) is None


def test_plain_makes_values_json_ready() -> None:
    value = {1: (Path("a"), np.float32(0.5)), "b": [np.bool_(True), None, "x"]}
    assert json.dumps(plain(value)) == '{"1": ["a", 0.5], "b": [true, null, "x"]}'


def test_versions_are_found_without_importing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_record, "_PACKAGES", ("numpy", "no-such-package-at-all"))
    assert package_versions() == {"numpy": np.__version__}


def fake_checkout(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the package seem to lie at ``folder/x2static/core``."""
    monkeypatch.setattr(run_record, "__file__", str(folder / "x2static/core/storage/run_record.py"))


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    answer = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return answer.stdout.strip()


def test_commit_is_that_of_the_own_checkout_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "x")
    fake_checkout(tmp_path, monkeypatch)
    assert git_commit() == git(tmp_path, "rev-parse", "--short=12", "HEAD")

    installed = tmp_path / ".venv" / "site-packages"
    installed.mkdir(parents=True)
    fake_checkout(installed, monkeypatch)
    assert git_commit() is None


def test_no_commit_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    fake_checkout(tmp_path, monkeypatch)
    monkeypatch.setenv("PATH", "")
    assert git_commit() is None
