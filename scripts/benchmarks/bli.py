"""CSLS evaluation of 1,500 queries against the all-pairs way in numpy, with identical answers.

The pair of spaces is made up: Zipf-sized clusters, a falling spectrum, independent noise on the
target side, so much that P@1 is about 0.5 (with --quick also less). Reference: every similarity
between the two vocabularies, block by block in float32, and the mean of the ten largest of each
column.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from eval.bli.score import AlignedPair, BliScore
from eval.search.hubness import Hubness
from scripts.paired import REPEATS, compared, in_turns, verdict
from x2static.core.normalize import center, unit
from x2static.core.text.lexicon import Lexicon
from x2static.core.vectors import FloatMatrix, WordVectors

QUERIES = 1500
FIRST_QUERY = 5000
NEIGHBOURS = 10
KS = (1, 5, 10)
FULL_SIZE = 200_000
GOAL = 5.0


def planted_pair(size: int, width: int, noise: float) -> tuple[FloatMatrix, FloatMatrix]:
    """Two aligned spaces; row i translates row i."""
    rng = np.random.default_rng(20240611)
    spread = np.arange(1, width + 1, dtype=np.float32) ** np.float32(-0.5)
    centres = rng.standard_normal((500, width), dtype=np.float32) * spread
    zipf = 1 / np.arange(1, 501)
    latent = centres[rng.choice(500, size, p=zipf / zipf.sum())]
    latent += rng.standard_normal((size, width), dtype=np.float32) * spread
    target = latent + noise * spread * rng.standard_normal((size, width), dtype=np.float32)
    return unit(center(unit(latent))), unit(center(unit(target)))


def numpy_means(candidates: FloatMatrix, others: FloatMatrix, block: int = 1000) -> FloatMatrix:
    """Mean of the ten largest products of each candidate with the others, all of them computed."""
    means = np.empty(len(candidates), dtype=np.float32)
    for start in range(0, len(candidates), block):
        scores = candidates[start : start + block] @ others.T
        largest = np.partition(scores, -NEIGHBOURS, axis=1)[:, -NEIGHBOURS:]
        means[start : start + block] = largest.mean(axis=1)
    return means


def numpy_ranks(source: FloatMatrix, target: FloatMatrix, queries: range) -> tuple[Any, float]:
    """Rank of row i's translation for each query i by brute force, and the seconds it took."""
    began = time.perf_counter()
    means = numpy_means(target, source)
    ranks = []
    for start in range(0, len(queries), 500):
        rows = np.asarray(queries[start : start + 500])
        scores = 2 * (source[rows] @ target.T) - means
        gold = scores[np.arange(len(rows)), rows]
        ranks.append(1 + (scores > gold[:, None]).sum(axis=1))
    return np.concatenate(ranks), time.perf_counter() - began


def our_score(source: WordVectors, target: WordVectors, queries: range) -> tuple[BliScore, float]:
    """The same through `eval.bli.score`, and its seconds."""
    lexicon = Lexicon.of((f"s{row}", f"t{row}") for row in queries)
    began = time.perf_counter()
    score = AlignedPair(source, target, csls=NEIGHBOURS).score(lexicon, "csls")
    return score, time.perf_counter() - began


def compare(size: int, width: int, noise: float, repeats: int) -> list[dict[str, Any]]:
    """Rows for one pair of spaces."""
    x, z = planted_pair(size, width, noise)
    source = WordVectors([f"s{row}" for row in range(size)], x)
    target = WordVectors([f"t{row}" for row in range(size)], z)
    queries = range(min(FIRST_QUERY, size // 2), min(FIRST_QUERY, size // 2) + QUERIES)
    searched = count_exact_searches()
    score = our_score(source, target, queries)[0]
    products = searched()
    ranks = numpy_ranks(x, z, queries)[0]
    figures = in_turns(
        {
            "ours": lambda: our_score(source, target, queries)[1],
            "numpy": lambda: numpy_ranks(x, z, queries)[1],
        },
        repeats,
    )
    same = all(score.precision(k) == np.mean(ranks <= k) for k in KS)
    deep = ranks > max(KS)
    same_ranks = bool(np.array_equal(score.ranks[~deep], ranks[~deep]))
    label = f"BLI {QUERIES} queries, CSLS, {size // 1000}k x {width}, P@1 {score.precision(1):.2f}"
    floor = 2.0 * QUERIES * size * width / gemm_rate(width)
    goal = GOAL if size >= FULL_SIZE else None  # what is saved grows with the vocabulary
    row = compared(figures["ours"], figures["numpy"], more_is_better=False) | {"goal": goal}
    holds = verdict(row) if (same and same_ranks) or goal is None else False
    drift = abs(score.mrr - float(np.mean(1 / ranks)))
    return [
        {
            "name": label,
            "unit": "s",
            **row,
            "holds": holds,
            "floor": floor,
            "note": f"identical answers: {same and same_ranks}; MRR differs by {drift:.1e}",
        },
        {
            "name": "hubness terms computed exactly",
            "unit": "words",
            "ours": products,
            "reference": size,
            "ratio": size / products,
        },
    ]


def count_exact_searches() -> Any:
    """Start counting the target words whose hubness is computed; call the result to read it."""
    total = 0
    original = Hubness.__dict__["_mean_similarity"]

    def counted(self: Hubness, targets: FloatMatrix) -> Any:
        nonlocal total
        total += len(targets)
        return original(self, targets)

    Hubness._mean_similarity = counted  # type: ignore[method-assign]

    def read() -> int:
        Hubness._mean_similarity = original  # type: ignore[method-assign]
        return total

    return read


def gemm_rate(width: int) -> float:
    """Floating-point operations a second of this machine's float32 product."""
    rng = np.random.default_rng(0)
    a = rng.standard_normal((1500, width), dtype=np.float32)
    b = rng.standard_normal((40000, width), dtype=np.float32)
    a @ b.T
    began = time.perf_counter()
    a @ b.T
    return 2.0 * a.size * len(b) / (time.perf_counter() - began)


def rows(scratch: Path, *, quick: bool = False, repeats: int = REPEATS) -> list[dict[str, Any]]:
    """The benchmark's rows."""
    del scratch
    size = 30_000 if quick else FULL_SIZE
    found = []
    for noise in (1.0, 2.0) if quick else (2.0,):
        print(f"bli: {size} words, noise {noise}", file=sys.stderr)
        found += compare(size, 300, noise, repeats)
    return found
