"""Is the default of ``align`` ever behind the presets, from no pair to the whole dictionary?

    export X2STATIC_DATA=...   # folder with mono/, muse/ and vectors-zhang2017/
    .venv/bin/python scripts/quality/default.py --work WORK --output docs/results/quality-default

Seed words are drawn at random from the words of MUSE's training dictionary that the vectors cover;
each draw serves all methods. CSLS P@1 on MUSE's test dictionary, among all words. The vectors are
those of `scripts.quality.vector_pairs`, made in WORK if they are not there; ``--only`` takes some.
Every score is kept in WORK: a stopped run goes on, and two runs can do a part each.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from align.vecmap.induce.arrays import AlignmentError  # noqa: E402
from scripts.quality.vector_pairs import ABOUT, NAMES, World, named  # noqa: E402
from scripts.results import parse, provenance, quality_parser, write_results  # noqa: E402
from scripts.workspace import Workspace  # noqa: E402

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


def score(world: World, method: str, count: int, draw: int) -> dict[str, Any]:
    """One cell: P@1, seconds of the processor, and what was chosen."""
    pairs = world.drawn(count, draw) if count else world.alike()
    if not count and method == "unsupervised":
        pairs = None
    try:
        found, seconds = world.learned(METHODS[method], pairs, guessed=not count, seed=draw)
    except AlignmentError as error:
        return {"csls": None, "refused": str(error)}
    precision = world.held(world.tested).precision(found.source, found.target)
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


def measured(bench: Workspace, name: str, draws: int) -> list[dict[str, Any]]:
    """All cells of a pair, those that are in the work folder taken from there."""
    folder = bench.work / "cells"
    folder.mkdir(parents=True, exist_ok=True)
    world, rows = World(named(bench, name), bench.data), []
    for count, draw, method in cells(world, draws):
        place = folder / f"{name.replace('/', '-')}.{count}.{draw}.{method}.json"
        if not place.exists():
            row = {"pair": name, "pairs": count, "draw": draw, "method": method}
            row |= score(world, method, count, draw)
            place.write_text(json.dumps(row), encoding="utf-8")
            print(json.dumps(row), flush=True)
        rows.append(json.loads(place.read_text(encoding="utf-8")))
    return rows


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Means over the draws, with their range where there are several, and where it is behind."""
    pairs = list(dict.fromkeys((row["pair"], row["pairs"]) for row in rows))
    left_out = [name for name in NAMES if name not in {name for name, _ in pairs}]
    more = f" Not measured: {', '.join(left_out)}." if left_out else ""
    lines = [
        "CSLS P@1 in percent on MUSE's test words, by seed words of the training dictionary (0: "
        "words spelled alike, or nothing); mean of the draws of the seed words, smallest and "
        "largest in brackets. `behind` counts the draws in which the default is more than 1 point "
        f"behind the best preset. {ABOUT}.{more}",
        "",
        "| vectors | seed words | "
        + " | ".join(f"`{name}`" for name in METHODS)
        + " | behind | way | CPU s |",
        "|---" * (len(METHODS) + 5) + "|",
    ]
    behind = []
    for pair, count in pairs:
        here = [row for row in rows if (row["pair"], row["pairs"]) == (pair, count)]
        by_method = {name: [r for r in here if r["method"] == name] for name in METHODS}
        ours = by_method["tuned"]
        ways = ", ".join(dict.fromkeys(row["way"] or "given pairs" for row in ours if "way" in row))
        seconds = statistics.mean(row["seconds"] for row in ours if "seconds" in row)
        shown = " | ".join(_shown([row["csls"] for row in found]) for found in by_method.values())
        gaps = {row["draw"]: _gap(row, here) for row in ours}
        late = [gap for gap in gaps.values() if gap > BEHIND]
        lines.append(
            f"| {pair} | {count:,} | {shown} | {len(late)} of {len(ours)} | {ways} "
            f"| {seconds:.0f} |"
        )
        if late:
            behind.append(_stated(pair, count, here, late))
    return "\n".join([*lines, "", *_verdict(behind, rows)]) + "\n"


def _gap(row: dict[str, Any], rows: Sequence[dict[str, Any]]) -> float:
    """How far the best method of the same draw is ahead."""
    others = [r["csls"] or 0.0 for r in rows if r["draw"] == row["draw"]]
    return max(others) - (row["csls"] or 0.0)


def _stated(pair: str, count: int, rows: Sequence[dict[str, Any]], late: Sequence[float]) -> str:
    means = {
        name: statistics.mean([row["csls"] or 0.0 for row in rows if row["method"] == name])
        for name in {row["method"] for row in rows}
    }
    best = max(means, key=lambda name: means[name])
    lead = 100 * (means[best] - means["tuned"])
    mean = f"mean of the draws: `{best}` ahead by {lead:.1f}" if lead > 0 else "ahead in the mean"
    return f"- {pair}, {count:,} words: by up to {100 * max(late):.1f} points in a draw; {mean}"


def _verdict(behind: Sequence[str], rows: Sequence[dict[str, Any]]) -> list[str]:
    """By how much the default is ahead on average, and where it is behind."""
    found = {(*_key(row), row["method"]): 100 * (row["csls"] or 0.0) for row in rows}
    keys = list(dict.fromkeys(map(_key, rows)))
    others = [name for name in METHODS if name != "tuned"]
    shown, best = [], []
    for name in others:
        leads = [found[(*key, "tuned")] - found[(*key, name)] for key in keys
                 if (*key, name) in found]  # fmt: skip
        if leads:
            shown.append(f"`{name}` {statistics.mean(leads):+.1f} ({len(leads)})")
    for key in keys:
        rivals = [found[(*key, name)] for name in others if (*key, name) in found]
        best.append(found[(*key, "tuned")] - max(rivals))
    mean = (
        "The default less each preset, mean over the draws that both have (their number): "
        f"{', '.join(shown)}; less the best preset of each draw, chosen with the test words in "
        f"sight: {statistics.mean(best):+.1f}."
    )
    if not behind:
        return [mean, "", "Nowhere is the default more than 1 point behind."]
    return [mean, "", "The default is more than 1 point behind the best preset here:", "", *behind]


def _key(row: dict[str, Any]) -> tuple[str, int, int]:
    """What all methods share in a draw."""
    return row["pair"], row["pairs"], row["draw"]


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
    parser.add_argument("--only", nargs="*", choices=NAMES, default=NAMES)
    parser.add_argument("--draws", type=int, default=len(DRAWS))
    options = parse(parser, argv)
    bench = Workspace(options.data, options.work.resolve())
    rows = [row for name in options.only for row in measured(bench, name, options.draws)]
    made = provenance(seeds=DRAWS[: options.draws], n="MUSE test words covered", repeats=1)
    write_results(options.output, rows, table(rows), made)


if __name__ == "__main__":
    main(sys.argv[1:])
