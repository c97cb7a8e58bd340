"""Counts that the end of a test run reports, such as how many kill points were tried."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

counts: Counter[str] = Counter()
totals: Counter[str] = Counter()


def count(kind: str, n: int = 1, *, of: int | None = None) -> None:
    """Add to what the summary of the test run prints as ``kind: N``, or ``kind: N of M``.

    Args:
        kind: what is counted.
        n: how many were tried.
        of: how many there are, where only a sample is tried.
    """
    counts[kind] += n
    totals[kind] += n if of is None else of


def all_counts() -> dict[str, tuple[int, int]]:
    """What was counted so far, each with its total, to be added in another process."""
    return {kind: (number, totals[kind]) for kind, number in counts.items()}


def add(others: Mapping[str, Sequence[int]]) -> None:
    """Add what another process counted."""
    for kind, (number, total) in others.items():
        count(kind, number, of=total)


def lines() -> list[str]:
    """The summary."""
    return [
        f"{kind}: {number}" + (f" of {totals[kind]}" if totals[kind] > number else "")
        for kind, number in sorted(counts.items())
    ]
