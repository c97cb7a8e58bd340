"""Where the embeddings of a new language start: masked loss at update 0 and after equal updates.

    export X2STATIC_DATA=...   # folder with mono/, muse/
    .venv/bin/python scripts/quality/extend.py --work WORK --output docs/results/quality-extend

Languages that the teacher in the repository has not seen are added to it by `x2static extend`, once
with each start, on the same text, tokenizer and updates. Word vectors for the starts that need them
are fastText's of the same text and of English text, the dictionary is MUSE's training part. Each
cell is kept in WORK: a stopped run resumes, a finished cell is skipped.
"""

from __future__ import annotations

import gzip
import json
import shutil
import statistics
import sys
import time
from collections.abc import Sequence
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from scripts.results import parse, provenance, quality_parser, write_results  # noqa: E402
from scripts.sgns import train_skip_gram  # noqa: E402
from scripts.train_demo_teacher import OUTPUT as TEACHER  # noqa: E402
from x2static.core.config import configured  # noqa: E402
from x2static.core.storage.run_record import git_commit  # noqa: E402
from x2static.extend.config import ExtendConfig  # noqa: E402
from x2static.extend.stage import extend  # noqa: E402

LANGUAGES = ("nl", "fi", "ru", "hi")
STARTS: dict[str, dict[str, Any]] = {
    "random": {"init": "random"},
    "overlap": {"init": "overlap"},
    "script": {"init": "script"},
    "focus": {"init": "focus"},
    "wechsel": {"init": "wechsel"},
    "aligned": {"init": "aligned"},
    "overlap, bias set": {"init": "overlap", "calibrate": True},
    "focus, bias set": {"init": "focus", "calibrate": True},
    "aligned, bias as mixed": {"init": "aligned", "calibrate": False},
}
VECTORS: dict[str, Any] = {
    "vector_size": 128,
    "min_count": 5,
    "sg": 1,
    "negative": 5,
    "workers": 1,
    "seed": 1,
}


def text_of(data: Path, language: str, lines: int, work: Path) -> Path:
    """The first lines of a language's text, lower case, words between spaces."""
    path = work / f"{language}.txt"
    if not path.exists():
        with gzip.open(data / "mono" / f"{language}.txt.gz", "rt", encoding="utf-8") as stream:
            some = [" ".join(line.lower().split()) for line in islice(stream, lines)]
        path.write_text("\n".join(some) + "\n", encoding="utf-8")
    return path


def vectors_of(text: Path) -> Path:
    """fastText's vectors of a text."""
    path = text.with_suffix("")
    if not path.exists():
        train_skip_gram(text, path, 5, VECTORS, subwords=True)
    return path


def lexicon_of(data: Path, language: str, work: Path) -> Path:
    """English words and their translations, lower case."""
    path = work / f"en-{language}.txt"
    if not path.exists():
        lines = (data / "muse" / "train" / f"en-{language}.0-5000.txt").read_text("utf-8").lower()
        pairs = dict.fromkeys(tuple(line.split()) for line in lines.splitlines())
        path.write_text("".join(f"{p[0]}\t{p[1]}\n" for p in pairs if len(p) == 2), "utf-8")
    return path


def cell(options: Any, language: str, start: str, seed: int) -> dict[str, Any]:
    """One run, or what is kept of it."""
    work: Path = options.work
    kept = work / "cells" / f"{language}.{start.replace(', ', '-').replace(' ', '-')}.{seed}.json"
    if kept.exists():
        found: dict[str, Any] = json.loads(kept.read_text("utf-8"))
        return found
    text = text_of(options.data, language, options.lines, work)
    more: dict[str, Any] = dict(STARTS[start])
    if more["init"] in ("wechsel", "aligned"):
        english = vectors_of(text_of(options.data, "en", options.lines, work))
        more["vectors"] = (f"en={english}", f"{language}={vectors_of(text)}")
        more["lexicon"] = lexicon_of(options.data, language, work)
    output = work / "model"
    shutil.rmtree(output, ignore_errors=True)
    shutil.rmtree(work / "model.unfinished", ignore_errors=True)
    config = configured(
        ExtendConfig, model=str(TEACHER), language=language, text=(text,), output=output,
        vocabulary=options.vocabulary, steps=options.steps, batch=options.batch, unit="lines",
        block=64, learning_rate=options.rate, validate_every=options.every, warmup=10,
        validation_sequences=200, seed=seed, device="cpu", overwrite=True, **more,
    )  # fmt: skip
    began = time.time()
    counts = extend(config).data["counts"]
    curve = (output / "languages" / language / "curve.jsonl").read_text("utf-8").splitlines()
    points = {
        point["step"]: point["validation"]["mlm"]
        for point in map(json.loads, curve)
        if "validation" in point
    }
    found = {
        "language": language,
        "start": start,
        "seed": seed,
        "losses": points,
        "counts": counts,
        "seconds": round(time.time() - began),
        "commit": git_commit(),
    }
    kept.parent.mkdir(exist_ok=True, parents=True)
    kept.write_text(json.dumps(found), "utf-8")
    print(language, start, seed, points, flush=True)
    return json.loads(json.dumps(found))  # type: ignore[no-any-return]


def until(losses: dict[str, float], wanted: float) -> float | None:
    """The update at which a loss is reached, between two validations by a straight line."""
    points = sorted((int(step), loss) for step, loss in losses.items())
    if points[0][1] <= wanted:
        return 0.0
    for (first, high), (second, low) in pairwise(points):
        if low <= wanted:
            return first + (second - first) * (high - wanted) / (high - low)
    return None


def table(cells: Sequence[dict[str, Any]], steps: int) -> tuple[list[dict[str, Any]], str]:
    """Rows of language and start, and the same as Markdown."""
    rows = []
    keys = dict.fromkeys((one["language"], one["start"]) for one in cells)
    for language, start in keys:
        own = [c for c in cells if (c["language"], c["start"]) == (language, start)]
        reached = []
        for one in own:
            base = next(
                c
                for c in cells
                if (c["language"], c["start"], c["seed"]) == (language, "overlap", one["seed"])
            )
            reached.append(until(one["losses"], base["losses"][str(steps)]))
        firsts, lasts = ([c["losses"][k] for c in own] for k in ("0", str(steps)))
        rows.append(
            {
                "language": language,
                "start": start,
                "seeds": len(own),
                "loss_at_0": statistics.mean(firsts),
                "loss_at_end": statistics.mean(lasts),
                "end_spread": statistics.stdev(lasts) if len(own) > 1 else None,
                "updates_to_overlap": None if None in reached else statistics.mean(reached),
                "mixed": own[0]["counts"]["mixed"],
                "pieces": own[0]["counts"]["pieces"],
            }
        )
    lines = [
        f"| language | start | rows made of old ones | loss at 0 | loss at {steps} | updates to "
        "overlap's last loss |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for row in rows:
        spread = "" if row["end_spread"] is None else f" ±{row['end_spread']:.3f}"
        reached_at = row["updates_to_overlap"]
        lines.append(
            f"| {row['language']} | {row['start']} | {row['mixed']:,} of {row['pieces']:,} | "
            f"{row['loss_at_0']:.3f} | {row['loss_at_end']:.3f}{spread} | "
            f"{'-' if reached_at is None else f'{reached_at:.0f}'} |"
        )
    return rows, "\n".join(lines) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Run every cell that is missing, then write the table."""
    parser = quality_parser(__doc__ or "")
    parser.add_argument("--languages", nargs="+", default=LANGUAGES)
    parser.add_argument("--starts", nargs="+", default=tuple(STARTS), choices=tuple(STARTS))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--lines", type=int, default=20_000)
    parser.add_argument("--vocabulary", type=int, default=6000)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--every", type=int, default=50)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=2e-3)
    options = parse(parser, argv)
    options.work.mkdir(parents=True, exist_ok=True)
    cells = [
        cell(options, language, start, seed)
        for seed in range(options.seeds)
        for language in options.languages
        for start in options.starts
    ]
    rows, text = table(cells, options.steps)
    made = provenance(
        seeds=range(options.seeds),
        repeats=1,
        n=f"200 held-out lines a language, {options.lines:,} lines of text, batch {options.batch}",
    )
    write_results(options.output, rows, text, made)
    print(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
