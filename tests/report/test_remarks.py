"""What the report says is to be looked at twice."""

from __future__ import annotations

import json

import pytest

from x2static.report.read.run_folder import RunFolder
from x2static.report.sections.remarks import remarks


@pytest.mark.parametrize(("seeds", "is_doubtful"), [("identical", True), ("lexicon", False)])
def test_signs_of_failure_count_without_a_dictionary_only(tmp_path, seeds, is_doubtful):
    (tmp_path / "aligned" / "de").mkdir(parents=True)
    record = {"settings": {"seeds": seeds}, "result": {"found_again": 0.3, "lift": 0.6}}
    (tmp_path / "aligned" / "de" / "run.json").write_text(json.dumps(record))
    plan = {"languages": ["en", "de"], "tasks": []}
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    found = [str(remark) for remark in remarks(RunFolder.open(tmp_path), [], [])]
    assert any("found again 0.30" in line for line in found) == is_doubtful


@pytest.mark.parametrize(("unreadable", "script"), [(0.35, 0.9), (0.0, 0.1), (0.049, 0.5)])
def test_a_text_that_cannot_be_read_is_remarked_on(tmp_path, unreadable, script):
    (tmp_path / "vectors" / "ko").mkdir(parents=True)
    record = {
        "counts": {"vocabulary": 5000, "unreadable_share": unreadable},
        "script": {"language": "ko", "share": script, "mostly": "LATIN"},
    }
    (tmp_path / "vectors" / "ko" / "run.json").write_text(json.dumps(record))
    (tmp_path / "plan.json").write_text(json.dumps({"languages": ["ko"], "tasks": []}))
    lines = [remark.line for remark in remarks(RunFolder.open(tmp_path), [], [])]
    reads = "the teacher cannot read 35 % of the pieces of its text: take a teacher trained on ko"
    assert (reads in lines) == (unreadable >= 0.05)
    assert any("most Latin: another language's text?" in line for line in lines) == (script < 0.5)
