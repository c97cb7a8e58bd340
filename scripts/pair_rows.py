"""Rows of ``scripts/bench pretrain`` on pairs: what detection, drawing and joining cost."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from scripts.paired import compared, in_turns

if TYPE_CHECKING:
    from scripts.benchmarks.pretrain import Ours, Size

MOST_TIME, MOST_DRAWING = 1.5, 0.03
LANGUAGES = ("cs", "da", "de", "en", "es", "fi", "fr", "it", "nl", "pl", "pt", "sv")


def detection_row(size: Size, plain: Ours, detecting: Ours, repeats: int) -> dict[str, Any]:
    """An update of replaced-token detection beside one of masked language modelling.

    Args:
        size: what is measured.
        plain: masked language modelling of the model alone, on the same sequences.
        detecting: the same sequences guessed by a generator and told by the model.
        repeats: turns.
    """

    def seconds(side: Ours) -> float:
        done = side.run(size.updates)
        return median(one.seconds for one in done)

    figures = in_turns(
        {"ours": lambda: seconds(detecting), "theirs": lambda: seconds(plain)}, repeats
    )
    work = [side.run(1)[0].text for side in (detecting, plain)]
    return {
        "name": f"replaced-token detection, {size.name}: an update beside MLM's",
        "unit": "s/update",
        **compared(figures["ours"], figures["theirs"], more_is_better=False),
        "goal": 1 / MOST_TIME,
        "floor": f"{work[0] / work[1]:.2f} times the operations",
        "note": f"{size.batch} {size.unit}; generator of a third of the blocks, embeddings shared",
    }


def write_pairs(folder: Path, text: Path, lines: int) -> str:
    """A keyed text of each language: two thirds of the same lines; the pattern of their names."""
    rng = np.random.default_rng(0)
    folder.mkdir(exist_ok=True)
    some = [one for one in text.read_text(encoding="utf-8").splitlines() if one.strip()][:lines]
    for code in LANGUAGES:
        kept = np.flatnonzero(rng.random(len(some)) < 2 / 3).tolist()
        rows = (f"{key:07d}\t{some[key]}\n" for key in kept)
        (folder / f"{code}.tsv").write_text("".join(rows), encoding="utf-8")
    return f"{folder}/*.tsv"


def drawing_row(size: Size, learning: Ours) -> dict[str, Any]:
    """What it costs to draw the sentence pairs of an update, of the whole update."""
    planner = learning.materials.planners["pairs"]
    corruption = learning.materials.objectives.main.corruption
    updates = [one.seconds for one in learning.run(size.updates)]
    drawing = []
    for step in range(20):
        began = time.perf_counter()
        planner.plan(step, corruption, 0, size.batch)
        drawing.append(time.perf_counter() - began)
    allowed = MOST_DRAWING * median(updates)
    return {
        "name": f"drawing {size.batch} sentence pairs, {size.name}: at most 3 % of an update",
        "unit": "s",
        "ours": median(drawing),
        "reference": allowed,
        "ratio": allowed / median(drawing),
        "goal": 1,
        "note": f"{len(LANGUAGES)} languages; an update of TLM: {median(updates):.3g} s; joined, "
        "cut, masked and ordered",
    }


JOIN_PROGRAM = """
import sys, time
from collections.abc import Mapping
import numpy as np
from continued_pretraining.text.pairs.key_sets import KeySets
from scripts.peak_memory import peak_megabytes
languages, lines = int(sys.argv[1]), int(sys.argv[2])
rng = np.random.default_rng(0)
everything = np.sort(rng.integers(1 << 63, size=3 * lines // 2, dtype=np.uint64))
class Keys(Mapping):  # each language's own, made when it is asked for, as one on disk is read
    def __getitem__(self, number):
        rng = np.random.default_rng(number + 1)
        return everything[rng.random(len(everything)) < 2 / 3]
    def __iter__(self):
        return iter(range(languages))
    def __len__(self):
        return languages
before = peak_megabytes()
began = time.perf_counter()
sets = KeySets(Keys(), 0)
counts = sets.counts(languages, held=False)
joined = time.perf_counter() - began
began = time.perf_counter()
for item in range(100):
    sets.choose(item % languages, (item + 7) % languages, np.array([item]), held=False)
drawn = (time.perf_counter() - began) / 100
print(joined, drawn, peak_megabytes() - before, counts.sum() / 2)
"""


def joining_row(languages: int, lines: int) -> dict[str, Any]:
    """Memory that the sentence pairs of many languages take, beside writing each pair down."""
    answer = subprocess.run(
        [sys.executable, "-c", JOIN_PROGRAM, str(languages), str(lines)],
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, draw, megabytes, pairs = map(float, answer.stdout.split())
    written = pairs * 8 / 1e6
    return {
        "name": f"{languages} languages of {lines:,} sentences joined: memory",
        "unit": "MB",
        "ours": megabytes,
        "reference": written,
        "ratio": written / megabytes,
        "goal": 10,
        "note": f"{pairs:,.0f} sentence pairs, joined and counted in {seconds:.0f} s, then "
        f"{1000 * draw:.1f} ms a draw; reference: two numbers for each pair written down",
    }


def sampling_row(languages: int = 200) -> dict[str, Any]:
    """Shares of all pairs of many languages by entropic sampling, at most a second."""
    from x2static.core.text.pair_sampling import sample_pairs

    rng = np.random.default_rng(0)
    counts = np.triu(np.exp(rng.normal(8, 3, size=(languages, languages))).astype(np.int64), 1)
    began = time.perf_counter()
    found = sample_pairs(counts + counts.T, "sinkhorn", 10 / 7)
    seconds = time.perf_counter() - began
    return {
        "name": f"sinkhorn shares of {languages} languages",
        "unit": "s",
        "ours": seconds,
        "reference": 1.0,
        "ratio": 1 / seconds,
        "goal": 1,
        "note": f"marginals missed by at most {found.misses:.1e}",
    }
