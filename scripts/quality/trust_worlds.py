"""Pairs of languages whose translations are known: planted ones, and real vectors.

A planted pair is a cloud of clustered rows and its rotation with noise, in another order of
frequency and with words that have no counterpart; or two clouds without any relation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
Pairs = dict[int, set[int]]

NUM_PLANTED, NUM_UNRELATED, NUM_SEEDED = 50, 14, 14
_SEEDS = 25
_GRID: dict[str, tuple[float, ...]] = {
    "size": (200, 300, 400, 600),
    "width": (12, 20, 30, 50),
    "noise": (0.3, 0.6, 0.9, 1.2, 1.6, 2.0),
    "clusters": (20, 40, 100, 300),
    "jitter": (0.1, 0.2, 0.5),
    "unmatched": (0.0, 0.1, 0.3),
    "spectrum": (0.3, 0.5, 0.7),
    "spread": (1.0, 1.5, 2.0),
}


@dataclass(frozen=True)
class World:
    """Two languages and what is right.

    Attributes:
        name: of the run.
        family: kind of the pair.
        source: rows, most frequent first.
        target: the same.
        right: target rows of each source row that has a translation.
        seeds: pairs to start from; None without any.
    """

    name: str
    family: str
    source: Matrix
    target: Matrix
    right: Pairs
    seeds: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None


def planted_worlds() -> Iterator[World]:
    """Related, unrelated, and related ones with 25 first pairs of which many are wrong."""
    for number in range(max(NUM_PLANTED, NUM_UNRELATED, NUM_SEEDED)):
        if number < NUM_PLANTED:
            yield _planted("planted", number)
        if number < NUM_UNRELATED:
            yield _planted("unrelated", number)
        if number < NUM_SEEDED:
            world = _planted("25 pairs", number)
            yield _seeded(world, np.random.default_rng([9, number]))


def _planted(family: str, number: int) -> World:
    kind = ("planted", "unrelated", "25 pairs").index(family)
    rng = np.random.default_rng([20261129, kind, number])
    drawn = {name: float(rng.choice(values)) for name, values in _GRID.items()}
    size, width = int(drawn["size"]), int(drawn["width"])
    scale = np.arange(1, width + 1) ** -drawn["spectrum"]
    source = _cloud(rng, size, scale, drawn)
    if family == "unrelated":
        target, right = _cloud(rng, size, scale, drawn), {}
    else:
        target = source + drawn["noise"] * scale * rng.standard_normal((size, width))
        is_alone = rng.random(size) < drawn["unmatched"]
        target[is_alone] = _cloud(rng, size, scale, drawn)[is_alone]
        right = {int(row): {int(row)} for row in np.flatnonzero(~is_alone)}
    ranks = np.log(np.arange(1, size + 1)) + drawn["jitter"] * rng.standard_normal(size)
    order = np.argsort(ranks)
    place = np.empty(size, np.int64)
    place[order] = np.arange(size)
    turns = [np.linalg.qr(rng.standard_normal((width, width)))[0] for _ in range(2)]
    return World(
        f"{family} {number}: {size} x {width}, noise {drawn['noise']:g}",
        family,
        (source @ turns[0]).astype(np.float32),
        (target @ turns[1])[order].astype(np.float32),
        {row: {int(place[other]) for other in others} for row, others in right.items()},
    )


def _cloud(
    rng: np.random.Generator, size: int, scale: NDArray[np.float64], drawn: dict[str, float]
) -> NDArray[np.float64]:
    """Rows around centres of Zipf-sized clusters, all a little off the origin."""
    clusters = int(drawn["clusters"])
    centers = drawn["spread"] * rng.standard_normal((clusters, len(scale))) * scale
    share = 1 / np.arange(1, clusters + 1)
    chosen = centers[rng.choice(clusters, size, p=share / share.sum())]
    rows: NDArray[np.float64] = chosen + rng.standard_normal((size, len(scale))) * scale
    return rows + 0.5 * scale * rng.standard_normal(len(scale))


def _seeded(world: World, rng: np.random.Generator) -> World:
    """The same with first pairs; none, half or all but a few of them wrong."""
    source = rng.choice(sorted(world.right), _SEEDS, replace=False).astype(np.int64)
    target = np.array([min(world.right[int(row)]) for row in source])
    wrong = int(rng.choice([0, 12, 20]))
    target[:wrong] = rng.choice(len(world.target), wrong, replace=False)
    return World(
        f"{world.name}, {wrong} of {_SEEDS} pairs wrong",
        world.family,
        world.source,
        world.target,
        world.right,
        (source, target),
    )


def released_worlds(data: Path) -> Iterator[World]:
    """Released vectors (Zhang et al. 2017), of the most frequent words and of every other word."""
    for size in (1_000, 1_500, 2_500):
        for pair in ("es-en", "zh-en"):
            first, second = pair.split("-")
            folder = data / "vectors-zhang2017" / pair
            sides = folder / f"word2vec.{first}", folder / f"word2vec.{second}"
            for start, step in ((0, 1), (0, 2), (1, 2)):
                name = f"released {pair}, {size:,} words" + f", from {start} by {step}" * (step > 1)
                yield real_world(name, "released", sides, pair, data, size, (start, step))


def trained_worlds(work: Path, data: Path) -> Iterator[World]:
    """Skip-gram trained on halves of a text: languages with English, and halves of one language."""
    for size in (1_000, 2_000):
        for first, second in (
            ("en-a", "en-b"), ("es-a", "en-a"), ("es-a", "es-b"), ("fr-a", "en-a"),
            ("fr-a", "fr-b"), ("es-b", "en-b"), ("fr-b", "en-b"), ("de-a", "en-a"),
            ("de-a", "de-b"), ("de-b", "en-b"),
        ):  # fmt: skip
            sides = work / f"word2vec-{first}", work / f"word2vec-{second}"
            if all(side.exists() for side in sides):
                pair = f"{first[:2]}-{second[:2]}"
                name = f"skip-gram {first} {second}, {size:,} words"
                yield real_world(name, "skip-gram", sides, pair, data, size, (0, 1))


def real_world(
    name: str,
    family: str,
    sides: tuple[Path, Path],
    pair: str,
    data: Path,
    size: int,
    rows: tuple[int, int],
) -> World:
    """Vectors from files, of so many words, with MUSE's pairs; of one language, with its words."""
    from x2static.core.text.lexicon import read_lexicon
    from x2static.core.vector_file import read_vectors
    from x2static.core.vectors import WordVectors

    start, step = rows
    source, target = (
        WordVectors(vectors.words[start::step][:size], vectors.matrix[start::step][:size])
        for vectors in map(read_vectors, sides)
    )
    right: dict[int, set[int]] = {}
    first, second = pair.split("-")
    if first == second:
        right = {
            row: {target.index[word]}
            for row, word in enumerate(source.words)
            if word in target.index
        }
    else:
        for part in ("train", "test"):
            numbers = {"train": "0-5000", "test": "5000-6500"}[part]
            lexicon = read_lexicon(data / "muse" / part / f"{pair}.{numbers}.txt")
            for one, other in lexicon.within(source.index, target.index):
                right.setdefault(source.index[one], set()).add(target.index[other])
    return World(name, family, source.matrix, target.matrix, right)
