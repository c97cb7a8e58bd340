"""A damaged file is a failure on the page, not of the command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.report.page_reader import read_page

Cli = Callable[..., tuple[int, str, str]]
HUGE = '{"rows": [{"source": "a", "method": "csls", "p@1": ' + "9" * 401 + "}]}"
DEEP = "[" * 100_000
STEPS = '{"step": 1, "mlm": 3.0}\n{"step": 2, "mlm": 2.0}\n'


def break_file(place: Path, content: str | None) -> None:
    """Put the text there; without one, a folder."""
    if place.exists():
        place.unlink()
    place.parent.mkdir(exist_ok=True)
    if content is None:
        place.mkdir()
    else:
        place.write_text(content)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("scores/bli.after/de.json", HUGE, ": not readable as a table"),
        ("scores/bli.after/de.json", DEEP, ": not readable as a table"),
        ("scores/bli.after/de.json", None, ": Is a directory"),
        ("model/curve.jsonl", None, ": Is a directory"),
        ("model/curve.jsonl", f'{{"step": 0,\n{DEEP}\n{STEPS}', ":1: not readable"),
        ("model/curve.jsonl", f'{{"step": {"9" * 401}}}\n{STEPS}', ":1: not readable"),
        ("model/run.json", "{", ": not readable as a table"),  # read by the last sections
        ("sentences/de.txt.run.json", "{", ": not readable as a table"),
        ("vectors/de/vectors.safetensors", "", "vectors/de"),
        ("vectors/de/vectors.safetensors", None, "vectors/de"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_cannot_be_read_is_named_among_the_failures(
    run_folder: Path, run_cli: Cli, name: str, content: str | None, reason: str
) -> None:
    (run_folder / "model").mkdir()
    (run_folder / "model/curve.jsonl").write_text(STEPS)
    break_file(run_folder / name, content)
    code, out, err = run_cli("report", run_folder, "--map-words", 30)
    assert code == 0, err
    assert "2 failures" in out, "one is the fixture's failed task"
    lines = [line for line in read_page(run_folder).text if reason in line]
    assert any(name.rpartition("/")[0] in line for line in lines)


def test_a_curve_cut_off_in_its_last_line_is_whole(run_folder: Path, run_cli: Cli) -> None:
    break_file(run_folder / "model/curve.jsonl", STEPS + '{"step": 3, "ml')
    code, out, _ = run_cli("report", run_folder, "--map-words", 0)
    assert code == 0
    assert "1 failure," in out
    assert ["2", "2", "–"] in read_page(run_folder).rows
