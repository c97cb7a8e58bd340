"""Language tools: representing at the teacher's own speed, CKA, and distances from a cold start.

The reference of representing is the bare forward pass over the same batches, made beforehand. CKA
is of single-precision noise of the sizes named; its floor is the time that the products alone take
at this machine's rate.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from eval.impact.sentences import examine
from scripts.paired import QUICK_REPEATS, REPEATS, compared, in_turns, verdict
from scripts.peak_memory import peak_megabytes, x2static_alone
from x2static.core.languages.language import languages
from x2static.languages.represent.moments import SentenceMoments
from x2static.teacher.sentence_states import SentenceReader, SentenceState

ROOT = Path(__file__).resolve().parents[2]
TEACHER = ROOT / "scripts" / "demo_data" / "teacher"
TEXT = ROOT / "scripts" / "demo_data" / "en.txt.gz"
SENTENCES, LAYERS, LANGUAGES, WIDTH, WORDS = 5000, 13, 25, 768, 20
PRODUCTS = 2  # X'X and Y'Y, half of each by symmetry, and X'Y; the blocks' sums are these


def rows(scratch: Path, *, quick: bool = False) -> list[dict[str, Any]]:
    """The benchmark's rows."""
    return [
        *represent(quick=quick),
        *memory(scratch, quick=quick),
        *cka(quick=quick),
        *distances(scratch, quick=quick),
    ]


def sentences(count: int) -> list[str]:
    from x2static.core.text.corpus import iter_sentences

    # the text is of paragraphs: their beginnings are as long as sentences
    lines = zip(range(count), iter_sentences(TEXT), strict=False)
    found = [" ".join(line.split()[:WORDS]) for _, line in lines]
    return (found * (count // len(found) + 1))[:count]


def represent(*, quick: bool) -> list[dict[str, Any]]:
    """Sentences a second, text to moments, against the model alone."""
    count = 1024 if quick else 4096
    lines = sentences(count)
    states = [SentenceState(4, "cls"), SentenceState(4, "mean")]
    reader = SentenceReader(
        str(TEACHER), states, max_pieces=256, batch_pieces=4096, device="cpu", precision="auto"
    )
    bare = SentenceReader(
        str(TEACHER),
        [SentenceState(4, "cls")],
        max_pieces=256,
        batch_pieces=4096,
        device="cpu",
        precision="auto",
    )
    made = [bare.inputs(lines[start : start + 1024]) for start in range(0, count, 1024)]

    def ours() -> float:
        began = time.perf_counter()
        moments = SentenceMoments.empty(len(states), reader.width)
        for start in range(0, count, 1024):
            moments.add(reader.read(lines[start : start + 1024])[0])
        return count / (time.perf_counter() - began)

    def forward() -> float:
        began = time.perf_counter()
        for some in made:
            bare.read_inputs(some)
        return count / (time.perf_counter() - began)

    figures = in_turns({"ours": ours, "bare": forward}, QUICK_REPEATS if quick else REPEATS)
    row = compared(figures["ours"], figures["bare"], more_is_better=True) | {"goal": 0.7}
    note = "of its bare forward pass over batches made beforehand; the demo teacher, two states"
    return [{"name": "languages represent", "unit": "sentences/s", **row, "holds": verdict(row),
             "note": note}]  # fmt: skip


def memory(scratch: Path, *, quick: bool) -> list[dict[str, Any]]:
    """Peak memory of few and of many sentences and languages."""
    found = []
    few, many = (40, 80) if quick else (200, 400)
    for codes, count in ((2, few), (100, many)):
        folder = scratch / f"text-{codes}"
        folder.mkdir(exist_ok=True)
        lines = "\n".join(sentences(count)) + "\n"
        for code in list(languages())[:codes]:
            (folder / f"{code}.txt").write_text(lines, encoding="utf-8")
        seconds, peak = x2static_alone([
            "languages", "represent", "--model", TEACHER, "--text", folder / "*.txt", "--device",
            "cpu", "--output", scratch / f"means-{codes}",
        ])  # fmt: skip
        name = f"languages represent, {codes} languages x {count}: peak memory"
        found.append({"name": name, "unit": "MB", "ours": peak, "note": f"{seconds:.0f} s"})
    few_peak, many_peak = found[0]["ours"], found[1]["ours"]
    ratio = few_peak / many_peak
    found[1] |= {"reference": few_peak, "ratio": ratio, "goal": 0.8, "holds": ratio >= 0.8}
    return found


def cka(*, quick: bool) -> list[dict[str, Any]]:
    """Debiased CKA with interval, null and sensitivity, over all layers and languages."""
    count, places = (1000, 2) if quick else (SENTENCES, LAYERS * LANGUAGES)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((count, WIDTH), dtype=np.float32)
    y = x + rng.standard_normal((count, WIDTH), dtype=np.float32)
    began, own = time.perf_counter(), time.process_time()
    for place in range(places):
        examine(x, y, shuffles=1, seed=place)
    seconds, own = time.perf_counter() - began, time.process_time() - own
    flops = 2.0 * PRODUCTS * places * count * WIDTH**2
    x.T @ y
    began = time.perf_counter()
    for _ in range(5):
        x.T @ y
    rate = 5 * 2.0 * count * WIDTH**2 / (time.perf_counter() - began)
    note = (
        f"{flops / 1e12:.1f} TFLOP of products at {flops / seconds / 1e9:.0f} GFLOP/s; the machine "
        f"does {rate / 1e9:.0f}; {own:.0f} processor seconds; peak {peak_megabytes()} MB"
    )
    row: dict[str, Any] = {
        "name": f"debiased CKA, {places} x {count} x {WIDTH}",
        "unit": "s",
        "ours": seconds,
        "floor": flops / rate,
        "note": note,
    }
    if not quick:
        row |= {"reference": 60.0, "ratio": 60.0 / seconds, "goal": 1.0, "holds": seconds <= 60}
    return [row]


def distances(scratch: Path, *, quick: bool) -> list[dict[str, Any]]:
    """The five distances of 200 languages, the interpreter's start included."""
    codes = list(languages())[: 20 if quick else 200]
    place = scratch / "distances.tsv"
    taken = [
        x2static_alone(
            ["languages", "distance", "--languages", *codes, "--output", place, "--overwrite"]
        )[0]
        for _ in range(2 if quick else 5)
    ]
    seconds = float(np.median(taken))
    row: dict[str, Any] = {
        "name": f"languages distance, five kinds, {len(codes)} languages, cold",
        "unit": "s",
        "ours": seconds,
        "note": "a process of its own, file and record written",
    }
    if not quick:
        row |= {"reference": 5.0, "ratio": 5.0 / seconds, "goal": 1.0, "holds": seconds <= 5}
    return [row]
