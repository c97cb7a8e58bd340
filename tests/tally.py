"""Counts that the end of a test run reports, such as how many kill points were tried."""

from __future__ import annotations

from collections import Counter

counts: Counter[str] = Counter()


def count(kind: str, n: int = 1) -> None:
    """Add to what the summary of the test run prints as ``kind: N``."""
    counts[kind] += n
