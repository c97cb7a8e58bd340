"""The one rule for runs that are killed and resumed, and the file that binds a folder to a run."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from x2static.core.errors import OutputError
from x2static.core.storage.manifest import Manifest, differences
from x2static.core.storage.resumable import Resumable
from x2static.core.storage.run_record import RunRecord


@dataclass(frozen=True)
class Settings:
    epochs: int = 3


IDENTITY = {"epochs": 3, "inputs": {"corpus": "abc"}}


def place(tmp_path, **options):
    options = {"resume": False, "overwrite": False} | options
    return Resumable("distill", tmp_path / "out", inputs=[], **options)


def leave_unfinished(tmp_path):
    """A run that was killed with something to lose."""
    with place(tmp_path).entered() as work:
        work.claim(IDENTITY)
        (work.path / "texts").mkdir()
        (work.path / "checkpoint").write_text("7")
        (work.path / ".half.1.tmp").write_text("")


def test_an_unfinished_run_waits_for_a_word(tmp_path):
    leave_unfinished(tmp_path)
    with pytest.raises(OutputError, match="unfinished run is there; resume it with --resume"):
        place(tmp_path).entered().__enter__()
    assert (tmp_path / "out.unfinished" / "checkpoint").exists()


def test_resume_goes_on_where_it_was_and_sweeps_what_is_half_written(tmp_path):
    leave_unfinished(tmp_path)
    run = place(tmp_path, resume=True)
    with run.entered() as work:
        work.claim(IDENTITY)
        assert not run.is_fresh
        assert (work.path / "checkpoint").read_text() == "7"
        assert not (work.path / ".half.1.tmp").exists()


def test_overwrite_starts_afresh_but_keeps_what_serves_any_run(tmp_path):
    leave_unfinished(tmp_path)
    run = place(tmp_path, overwrite=True)
    with run.entered(keep=("texts",)) as work:
        assert run.is_fresh
        assert not (work.path / "checkpoint").exists()
        assert (work.path / "texts").exists()


def test_another_run_is_refused_by_what_differs(tmp_path):
    leave_unfinished(tmp_path)
    with (
        place(tmp_path, resume=True).entered() as work,
        pytest.raises(OutputError, match="another one .epochs was 3 and is 5"),
    ):
        work.claim(IDENTITY | {"epochs": 5})


def test_a_finished_run_is_told_by_its_record(tmp_path):
    run = place(tmp_path)
    assert run.finished(IDENTITY) is None
    record = RunRecord("distill", Settings(), [])
    record.notes["identity"] = IDENTITY
    with run.outputs.together() as batch:
        with batch.stage(tmp_path / "out") as temporary:
            temporary.mkdir()
        batch.record(record, tmp_path / "out")
    assert place(tmp_path, resume=True).finished(IDENTITY)["identity"] == IDENTITY
    with pytest.raises(OutputError, match="made by another run"):
        place(tmp_path, resume=True).finished({"epochs": 5})
    assert place(tmp_path, overwrite=True).finished({"epochs": 5}) is None


def test_a_damaged_manifest_binds_nobody(tmp_path):
    manifest = Manifest(tmp_path / "manifest.json")
    manifest.bind(IDENTITY)
    manifest.bind(IDENTITY)
    manifest.path.write_text("{")
    assert manifest.read() is None
    with pytest.raises(OutputError, match="damaged; start afresh with --overwrite"):
        manifest.bind(IDENTITY)


def test_differences_are_short_and_by_name():
    past, now = {"b": 1, "a": None, "c": "x" * 50}, {"b": 2, "a": 0, "c": "y"}
    assert differences(past, now) == [
        "a was unset and is 0",
        "b was 1 and is 2",
        f"c was {'x' * 37}... and is y",
    ]
    assert differences(now, now) == []
