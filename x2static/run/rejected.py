"""Alignments that were done and not used, by what their run records say."""

from __future__ import annotations

from pathlib import Path

from x2static.core.rejection import rejection
from x2static.core.storage.run_record import read_record
from x2static.run.plan.plan_file import Entry


def rejection_of(folder: Path, entry: Entry) -> str | None:
    """Why the vectors of an ``align`` task stayed unaligned; None where they were aligned."""
    if not entry.outputs:
        return None
    record = read_record(folder / entry.outputs[0])
    return rejection(record) if isinstance(record, dict) else None
