"""How much memory whole commands hold at their peak, against what they may.

Each command runs in a process of its own. These figures do not depend on what else the machine
does at the time.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from scripts.benchmarks.align import WIDTH, planted
from scripts.peak_memory import x2static_alone
from x2static.core.vector_file import write_vectors
from x2static.core.vectors import WordVectors

Row = dict[str, Any]
PAIRS = 5000


def rows(scratch: Path, quick: bool = False) -> list[Row]:
    """All rows."""
    unsupervised = small(scratch / "small", 5_000 if quick else 20_000)
    return [unsupervised, large(scratch / "large", 100_000 if quick else 2_500_000)]


def small(scratch: Path, words: int) -> Row:
    """Self-learning without a dictionary over two planted spaces."""
    source, target = planted(words)
    for name, letter, matrix in (("de", "q", source), ("en", "w", target)):
        write_vectors(WordVectors(names(letter, words), matrix), scratch / name, "safetensors")
    peak = align(scratch, "--preset", "unsupervised", "--fast")
    return row(f"unsupervised {words:,} x {WIDTH}, both sides", peak, 1.0)


def large(scratch: Path, words: int) -> Row:
    """A dictionary and two languages of millions of words, native format to native format."""
    rng = np.random.default_rng(1)
    for name, letter in (("de", "q"), ("en", "w")):
        matrix = rng.standard_normal((words, WIDTH), dtype=np.float32)
        write_vectors(WordVectors(names(letter, words), matrix), scratch / name, "safetensors")
        del matrix
    lexicon = scratch / "pairs.txt"
    lexicon.write_text("".join(f"q{n} w{n}\n" for n in range(PAIRS)))
    peak = align(scratch, "--preset", "supervised", "--lexicon", lexicon)
    bare = 2 * 4 * words * WIDTH / (1 << 30)
    note = f"the two tables alone are {bare:.1f} GB"
    return row(f"supervised {words:,} x {WIDTH}, both sides", peak, 16.0, note)


def names(letter: str, words: int) -> list[str]:
    """Words that no two rows share."""
    return [f"{letter}{number}" for number in range(words)]


def align(scratch: Path, *flags: object) -> float:
    """Peak gigabytes of ``x2static align``."""
    _, megabytes = x2static_alone([
        "align", "--source", scratch / "de", "--target", scratch / "en", "--output-source",
        scratch / "mapped-de", "--output-target", scratch / "mapped-en", "--overwrite", *flags,
    ])  # fmt: skip
    return megabytes / 1024


def row(name: str, ours: float, limit: float, note: str = "") -> Row:
    """A row in the form that ``scripts/bench`` wants."""
    ratio = limit / ours
    return {
        "name": f"peak memory, {name}",
        "unit": "GB",
        "ours": round(ours, 2),
        "reference": limit,
        "ratio": round(ratio, 2),
        "goal": 1.0,
        "holds": ratio >= 1,
        "note": note,
    }
