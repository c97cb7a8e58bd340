"""Languages that a run added to its teacher, on the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def test_an_added_language_has_its_row_and_its_curve(tmp_path: Path, run_cli: Any) -> None:
    place = tmp_path / "run" / "extended" / "fi" / "languages" / "fi"
    place.mkdir(parents=True)
    (tmp_path / "run" / "plan.json").write_text(json.dumps({"languages": ["fi", "en"]}))
    record = {
        "settings": {"init": "focus"},
        "counts": {"pieces": 8000, "overlapping": 2345, "updates": 600,
                   "megabytes": {"base": 1110.5, "language": 26.25}},
        "training": {"first_validation": {"mlm": 9.5}, "chosen": {"validation": {"mlm": 5.25}}},
    }  # fmt: skip
    (place / "run.json").write_text(json.dumps(record))
    rows = [{"step": step, "mlm": 9 - step, "validation": {"mlm": 9.5 - step}} for step in range(3)]
    (place / "curve.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert run_cli("report", tmp_path / "run")[0] == 0
    page = (tmp_path / "run" / "report.html").read_text()
    added = page.split('id="added"', 1)[1].split("</section>", 1)[0]
    assert "Finnish" in added
    for figure in ("focus", "8,000", "2,345", "600", "9.5", "5.25", "26.2", "1,110.5"):
        assert figure in added, figure
    assert "fi: Masked language modelling, loss" in added
    assert "<svg" in added


def test_a_damaged_record_is_a_remark(tmp_path: Path, run_cli: Any) -> None:
    place = tmp_path / "run" / "extended" / "fi" / "languages" / "fi"
    place.mkdir(parents=True)
    (tmp_path / "run" / "plan.json").write_text(json.dumps({"languages": ["fi"]}))
    (place / "run.json").write_text("{")
    assert run_cli("report", tmp_path / "run")[0] == 0
    page = (tmp_path / "run" / "report.html").read_text()
    assert "extended/fi/languages/fi/run.json: not readable" in page
    assert 'id="added"' not in page
