"""What a seed dictionary is worth: the one in the box, 500 words of MUSE's, words spelled alike.

    export X2STATIC_DATA=...   # folder with mono/, muse/ and vectors-zhang2017/
    .venv/bin/python scripts/quality/seeds.py --work WORK --output docs/results/quality-seeds

The vectors are those of `scripts.quality.vector_pairs`; WORK may be that of quality/default.py.
Words of MUSE's are drawn at random from those of its training dictionary that the vectors cover,
three times. Test words that the dictionary in the box (`cldr:de-en`) has are left out for all. CSLS
P@1 on the others; strict, where a word without a vector is a wrong answer; and on those that are
not spelled like a translation of theirs, since words spelled alike are seeds themselves in one row.
Every score is kept in WORK: a stopped run goes on.
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

import numpy as np  # noqa: E402

from align.vecmap.induce.arrays import AlignmentError  # noqa: E402
from scripts.quality.vector_pairs import ABOUT, NAMES, World, named  # noqa: E402
from scripts.results import parse, provenance, quality_parser, write_results  # noqa: E402
from scripts.workspace import Workspace  # noqa: E402
from x2static.core.lexicons.cldr import cldr_lexicon  # noqa: E402
from x2static.core.text.lexicon import Lexicon  # noqa: E402

COUNT, DRAWS = 500, (0, 1, 2)
BOX, MUSE, ALIKE = "in the box", f"{COUNT} of MUSE's", "spelled alike"
METHODS: dict[str, dict[str, Any]] = {"tuned": {}, "supervised": {"preset": "supervised"}}
FIGURES = ("csls", "strict", "unlike")


def cells() -> Iterator[tuple[str, int, str]]:
    """Seeds, draw and method."""
    for seeds in (BOX, MUSE, ALIKE):
        for draw in DRAWS if seeds == MUSE else DRAWS[:1]:
            for method in METHODS:
                yield seeds, draw, method


def score(world: World, box: Lexicon, seeds: str, draw: int, method: str) -> dict[str, Any]:
    """One cell: the three figures, how many words there were to learn from, seconds."""
    pairs = (
        world.alike()
        if seeds == ALIKE
        else world.rows_of(box)
        if seeds == BOX
        else world.drawn(COUNT, draw)
    )
    words = 0 if pairs is None else len(np.unique(pairs.source))
    try:
        found, seconds = world.learned(
            METHODS[method], pairs, guessed=seeds == ALIKE and method == "tuned", seed=draw
        )
    except AlignmentError as error:
        return {"words": words, "refused": str(error)}
    maps = found.source, found.target
    all_words, unlike = (
        world.held(pairs).precision(*maps) for pairs in (world.tested, world.unlike())
    )
    return {
        "words": words,
        "seconds": seconds,
        "csls": all_words.csls,
        "strict": all_words.csls * all_words.words / world.asked,
        "unlike": unlike.csls,
        "tested": all_words.words,
        "tested_unlike": unlike.words,
        "asked": world.asked,
        "way": found.notes.get("tuning", {}).get("way"),
    }


def measured(bench: Workspace, name: str) -> list[dict[str, Any]]:
    """All cells of a pair, those that are in the work folder taken from there."""
    folder = bench.work / "seeds"
    folder.mkdir(parents=True, exist_ok=True)
    pair = named(bench, name)
    box = cldr_lexicon(f"cldr:{pair.codes}")
    world = World(pair, bench.data, set(box.translations))
    rows = []
    for seeds, draw, method in cells():
        place = folder / f"{name}.{seeds}.{draw}.{method}.json".replace("/", "-").replace(" ", "-")
        if not place.exists():
            row = {"pair": name, "seeds": seeds, "draw": draw, "method": method}
            row |= score(world, box, seeds, draw, method)
            place.write_text(json.dumps(row), encoding="utf-8")
            print(json.dumps(row), flush=True)
        rows.append(json.loads(place.read_text(encoding="utf-8")))
    return rows


def table(rows: Sequence[dict[str, Any]]) -> str:
    """A row for each seed dictionary and pair."""
    left_out = [name for name in NAMES if name not in {row["pair"] for row in rows}]
    more = f" Not measured: {', '.join(left_out)}." if left_out else ""
    lines = [
        "CSLS P@1 in percent on MUSE's test words without those that the dictionary in the box "
        "has; strict: a word without a vector is a wrong answer; unlike: words that are not "
        f"spelled like a translation of theirs. Of {len(DRAWS)} draws the mean, smallest and "
        f"largest in brackets. {ABOUT}.{more}",
        "",
        "| vectors | seeds | words | "
        + " | ".join(f"`{m}`{f}" for m in METHODS for f in ("", ", strict", ", unlike"))
        + " | test words | CPU s |",
        "|---|---|---:" + "|---:" * (3 * len(METHODS) + 2) + "|",
    ]
    for pair, seeds in dict.fromkeys((row["pair"], row["seeds"]) for row in rows):
        here = [row for row in rows if (row["pair"], row["seeds"]) == (pair, seeds)]
        words = statistics.mean(row["words"] for row in here)
        shown = [
            _shown([row.get(figure) for row in here if row["method"] == method])
            for method in METHODS
            for figure in FIGURES
        ]
        tested = next((row["tested"] for row in here if "tested" in row), 0)
        asked = next((row["asked"] for row in here if "asked" in row), 0)
        ours = [row["seconds"] for row in here if row["method"] == "tuned" and "seconds" in row]
        seconds = f"{statistics.mean(ours):.0f}" if ours else ""
        lines.append(
            f"| {pair} | {seeds} | {words:,.0f} | {' | '.join(shown)} | {tested:,} of {asked:,} "
            f"| {seconds} |"
        )
    return "\n".join(lines) + "\n"


def _shown(scores: Sequence[float | None]) -> str:
    known = [100 * score for score in scores if score is not None]
    if not known:
        return "refused"
    span = f" [{min(known):.1f}, {max(known):.1f}]" if len(known) > 1 else ""
    return f"{statistics.mean(known):.1f}{span}"


def main(argv: Sequence[str]) -> None:
    """Measure and write."""
    parser = quality_parser(__doc__ or "")
    parser.add_argument("--only", nargs="*", choices=NAMES, default=NAMES)
    options = parse(parser, argv)
    bench = Workspace(options.data, options.work.resolve())
    rows = [row for name in options.only for row in measured(bench, name)]
    made = provenance(seeds=DRAWS, n="MUSE test words covered, box's words left out", repeats=1)
    write_results(options.output, rows, table(rows), made)


if __name__ == "__main__":
    main(sys.argv[1:])
