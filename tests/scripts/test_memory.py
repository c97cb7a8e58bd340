"""The memory benchmark keeps its two sizes apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.benchmarks import memory


def test_both_sizes_are_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = memory.small, memory.large
    monkeypatch.setattr(memory, "small", lambda scratch, _: small(scratch, 60))
    monkeypatch.setattr(memory, "large", lambda scratch, _: large(scratch, 60))
    monkeypatch.setattr(memory, "PAIRS", 20)
    monkeypatch.setattr(memory, "align", lambda *_: 0.5)
    rows = memory.rows(tmp_path)
    assert [row["ratio"] for row in rows] == [2, 32]
