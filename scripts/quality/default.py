"""Is the default of ``align`` ever behind the presets, from no pair to the whole dictionary?

    export X2STATIC_DATA=...   # folder with muse/ and vectors-zhang2017/
    .venv/bin/python scripts/quality/default.py --work WORK --output docs/results/quality-default

Seed words are drawn at random from the words of MUSE's training dictionary that the vectors cover;
each draw serves all methods. CSLS P@1 on MUSE's test dictionary, among all words. Vectors: released
ones (Zhang et al. 2017), those that the demo's teacher gives on the demo's text (WORK/de, WORK/es
and WORK/en: ``x2static distill`` of scripts/demo_data with ``--min-count 5``), and any further pair
named by ``--pairs NAME=SOURCE,TARGET,de-en``. Every score is kept in WORK: a stopped run goes on.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from align.config import AlignConfig  # noqa: E402
from align.methods.table import learn_maps  # noqa: E402
from align.problem import Problem, Resources  # noqa: E402
from align.search.folds import pairs_where  # noqa: E402
from align.search.held_out import HeldOut  # noqa: E402
from align.seeds import lexicon_rows  # noqa: E402
from align.vecmap.induce.arrays import AlignmentError  # noqa: E402
from align.vecmap.pairs import PairRows  # noqa: E402
from scripts.results import parse, provenance, quality_parser, write_results  # noqa: E402
from x2static.core.config import configured  # noqa: E402
from x2static.core.text.lexicon import read_lexicon  # noqa: E402
from x2static.core.vector_file import read_vectors  # noqa: E402

METHODS: dict[str, dict[str, Any]] = {
    "tuned": {},
    "supervised": {"preset": "supervised"},
    "bootstrap": {"preset": "bootstrap"},
    "semi-supervised": {"preset": "semi-supervised", "fast": True, "cutoff": 10_000},
    "semi-bootstrap": {"preset": "semi-bootstrap", "fast": True, "cutoff": 10_000},
    "identical": {"preset": "identical", "fast": True, "cutoff": 10_000},
    "unsupervised": {
        "preset": "unsupervised",
        "fast": True,
        "cutoff": 10_000,
        "accept_failure": True,
    },
}
WITHOUT = ("tuned", "identical", "unsupervised")
COUNTS = (0, 25, 50, 100, 500, 1_000, 5_000)
DRAWS = (0, 1, 2)
BEHIND = 0.01


@dataclass(frozen=True)
class Pair:
    """Two languages and their dictionaries.

    Attributes:
        name: in the table.
        source: vectors.
        target: vectors.
        codes: such as de-en, which names the dictionaries.
    """

    name: str
    source: Path
    target: Path
    codes: str


class World:
    """What all methods look at."""

    def __init__(self, pair: Pair, data: Path) -> None:
        self.source, self.target = read_vectors(pair.source), read_vectors(pair.target)
        self._muse, self._codes = data / "muse", pair.codes
        self.taught = self._rows("train", "0-5000")
        tested = self._rows("test", "5000-6500")
        is_new = ~np.isin(tested.source, self.taught.source)
        self.held = HeldOut(
            self.source.matrix,
            self.target.matrix,
            pairs_where(tested, is_new),
            (len(self.source), len(self.target)),
        )
        self.words = np.unique(self.taught.source)

    def drawn(self, count: int, draw: int) -> PairRows:
        """All pairs of some words of the training dictionary."""
        rng = np.random.default_rng([20_261_129, count, draw])
        words = rng.choice(self.words, min(count, len(self.words)), replace=False)
        return pairs_where(self.taught, np.isin(self.taught.source, words))

    def alike(self) -> PairRows | None:
        """Words spelled alike."""
        same = [word for word in self.source.words if word in self.target.index]
        rows = PairRows(self.source.rows_of(same), self.target.rows_of(same))
        return rows if same else None

    def _rows(self, part: str, span: str) -> PairRows:
        path = self._muse / part / f"{self._codes}.{span}.txt"
        return lexicon_rows(read_lexicon(path), self.source, self.target, str(path))


def score(world: World, method: str, count: int, draw: int) -> dict[str, Any]:
    """One cell: P@1, seconds of the processor, and what was chosen."""
    pairs = world.drawn(count, draw) if count else world.alike()
    if not count and method == "unsupervised":
        pairs = None
    nowhere = Path("none")
    given = {"lexicon": nowhere} if count else {}
    config = configured(
        AlignConfig,
        source=nowhere,
        target=nowhere,
        output_source=Path("a"),
        output_target=Path("b"),
        **given,
        **METHODS[method],
    )
    problem = Problem(
        world.source.matrix,
        world.target.matrix,
        config.settings(),
        pairs,
        rounds=config.rounds,
        accept_failure=config.accept_failure,
        guessed=not count,
    )
    began = time.process_time()
    try:
        found = learn_maps(config.method, replace(problem, seed=draw), Resources(threads=1))
    except AlignmentError as error:
        return {"csls": None, "refused": str(error)}
    seconds = time.process_time() - began
    precision = world.held.precision(found.source, found.target)
    tuning = found.notes.get("tuning", {})
    return {
        "csls": precision.csls,
        "nearest": precision.nearest,
        "words": precision.words,
        "seconds": seconds,
        "way": tuning.get("way"),
        "held_back": tuning.get("held_back"),
        "polished": tuning.get("polished"),
        "ridge": tuning.get("ridge"),
    }


def cells(world: World, draws: int) -> Iterator[tuple[int, int, str]]:
    """Every count, draw and method; a count that the dictionary does not have is its whole."""
    whole = len(world.words)
    counts = sorted({min(count, whole) for count in COUNTS})
    for count in counts:
        for draw in DRAWS[: 1 if count in (0, whole) else draws]:
            for method in METHODS:
                if (method in WITHOUT) if not count else (method not in WITHOUT[1:]):
                    yield count, draw, method


def measured(pair: Pair, data: Path, work: Path, draws: int) -> list[dict[str, Any]]:
    """All cells of a pair, those that are in the work folder taken from there."""
    work.mkdir(parents=True, exist_ok=True)
    world, rows = World(pair, data), []
    for count, draw, method in cells(world, draws):
        place = work / f"{pair.name.replace('/', '-')}.{count}.{draw}.{method}.json"
        if not place.exists():
            row = {"pair": pair.name, "pairs": count, "draw": draw, "method": method}
            row |= score(world, method, count, draw)
            place.write_text(json.dumps(row), encoding="utf-8")
            print(json.dumps(row), flush=True)
        rows.append(json.loads(place.read_text(encoding="utf-8")))
    return rows


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Means over the draws, with their range where there are several."""
    lines = [
        "CSLS P@1 in percent on MUSE's test words, by seed words of the training dictionary; mean "
        "of the draws of the seed words, smallest and largest in brackets. `behind` counts the "
        "draws in which the default is more than 1 point behind the best preset.",
        "",
        "| vectors | seed words | "
        + " | ".join(f"`{name}`" for name in METHODS)
        + " | behind | way | CPU s |",
        "|---" * (len(METHODS) + 5) + "|",
    ]
    for pair, count in dict.fromkeys((row["pair"], row["pairs"]) for row in rows):
        here = [row for row in rows if (row["pair"], row["pairs"]) == (pair, count)]
        by_method = {name: [r for r in here if r["method"] == name] for name in METHODS}
        ours = by_method["tuned"]
        ways = ", ".join(dict.fromkeys(row["way"] or "given pairs" for row in ours if "way" in row))
        seconds = statistics.mean(row["seconds"] for row in ours if "seconds" in row)
        shown = " | ".join(_shown([row["csls"] for row in found]) for found in by_method.values())
        behind = sum(_is_behind(row, here) for row in ours)
        lines.append(
            f"| {pair} | {count:,} | {shown} | {behind} of {len(ours)} | {ways} | {seconds:.0f} |"
        )
    return "\n".join(lines) + "\n"


def _is_behind(row: dict[str, Any], rows: Sequence[dict[str, Any]]) -> bool:
    others = [r["csls"] or 0.0 for r in rows if r["draw"] == row["draw"]]
    return (row["csls"] or 0.0) < max(others) - BEHIND


def _shown(scores: Sequence[float | None]) -> str:
    if not scores:
        return ""
    known = [100 * (score or 0.0) for score in scores]
    if all(score is None for score in scores):
        return "refused"
    span = f" [{min(known):.1f}, {max(known):.1f}]" if len(known) > 1 else ""
    return f"{statistics.mean(known):.1f}{span}"


def main(argv: Sequence[str]) -> None:
    """Measure and write."""
    parser = quality_parser(__doc__ or "")
    parser.add_argument("--pairs", nargs="*", default=[], help="NAME=SOURCE,TARGET,de-en")
    parser.add_argument("--only", nargs="*", default=[], help="names of pairs")
    parser.add_argument("--draws", type=int, default=len(DRAWS))
    options = parse(parser, argv)
    released = options.data / "vectors-zhang2017"
    pairs = [
        Pair(
            f"released/{name}",
            released / name / f"word2vec.{name[:2]}",
            released / name / "word2vec.en",
            name,
        )
        for name in ("es-en", "zh-en")
    ]
    pairs += [
        Pair(f"distilled/{code}-en", options.work / code, options.work / "en", f"{code}-en")
        for code in ("de", "es")
    ]
    for text in options.pairs:
        name, _, files = text.partition("=")
        source, target, codes = files.split(",")
        pairs.append(Pair(name, Path(source), Path(target), codes))
    chosen = [pair for pair in pairs if not options.only or pair.name in options.only]
    rows = [
        row
        for pair in chosen
        for row in measured(pair, options.data, options.work / "cells", options.draws)
    ]
    made = provenance(seeds=DRAWS[: options.draws], n="MUSE test words covered", repeats=1)
    write_results(options.output, rows, table(rows), made)


if __name__ == "__main__":
    main(sys.argv[1:])
