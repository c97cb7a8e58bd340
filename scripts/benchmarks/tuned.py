"""The default of ``align`` on large vocabularies: seconds and memory against the limits set for it.

The spaces are those of `scripts.benchmarks.align`, with as much noise as signal, 5,000 pairs are
given. The floor is one bare product of the 20,000 most frequent words of both sides, which a search
for mutual pairs cannot do without.
"""

from __future__ import annotations

import resource
import time
from pathlib import Path
from typing import Any

from scripts.benchmarks.align import WIDTH, planted, row
from scripts.peak_memory import x2static_alone
from x2static.core.vector_file import write_vectors
from x2static.core.vectors import FloatMatrix, WordVectors

PAIRS = 5_000
_FREQUENT, _ROWS = 20_000, 2_000  # words of the product, rows at a time
Row = dict[str, Any]


def rows(scratch: Path, *, quick: bool = False) -> list[Row]:
    """A vocabulary of the usual size, and a large one."""
    sizes = [(6_000, 5_000)] if quick else [(40_000, 30_000), (200_000, 200_000)]
    return [one for size in sizes for one in rows_of(scratch / str(size[0]), *size)]


def rows_of(scratch: Path, ours: int, theirs: int) -> list[Row]:
    """The command, files included."""
    scratch.mkdir()
    source, target = planted(max(ours, theirs), noise=1.0)
    source, target = source[:ours], target[:theirs]
    for name, letter, matrix in (("de", "q", source), ("en", "w", target)):
        words = [f"{letter}{i}" for i in range(len(matrix))]
        write_vectors(WordVectors(words, matrix), scratch / name, "native")
    lexicon = scratch / "train.txt"
    lexicon.write_text("".join(f"q{i} w{i}\n" for i in range(PAIRS)))
    before = _processor_seconds()
    taken, megabytes = x2static_alone([
        "align", "--preset", "tuned", "--source", scratch / "de", "--target", scratch / "en",
        "--lexicon", lexicon, "--output-source", scratch / "de-out", "--output-target",
        scratch / "en-out", "--overwrite",
    ])  # fmt: skip
    burnt = _processor_seconds() - before
    floor = bare_product(source[:_FREQUENT], target[:_FREQUENT])
    size = f"tuned {ours} x {theirs} x {WIDTH}, {PAIRS} pairs"
    note = f"{taken:.1f} s, {burnt:.1f} processor seconds, {megabytes / 1024:.2f} GB"
    if ours <= 40_000:
        return [row(f"{size}: processor seconds (limit)", burnt, 60, 1, floor=floor, note=note)]
    return [
        row(f"{size} (limit)", taken, 120, 1, floor=floor, note=note),
        row(f"{size}: peak memory (limit)", megabytes / 1024, 2, 1) | {"unit": "GB"},
    ]


def bare_product(source: FloatMatrix, target: FloatMatrix) -> float:
    """Seconds of one product of all rows with all, by blocks."""
    began = time.perf_counter()
    for start in range(0, len(source), _ROWS):
        source[start : start + _ROWS] @ target.T
    return time.perf_counter() - began


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
