"""What the cases share."""

from __future__ import annotations

import pytest

from x2static.core.storage import source_file


@pytest.fixture(autouse=True)
def _no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe without a writer is given up soon."""
    monkeypatch.setattr(source_file, "PIPE_SECONDS", 0.1)
