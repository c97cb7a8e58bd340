"""When may a map that was learned without a dictionary be trusted: signs beside the truth.

    export X2STATIC_DATA=...   # folder with mono/, muse/ and vectors-zhang2017/
    .venv/bin/python scripts/quality/trust.py --work WORK --output docs/results/quality-trust

Self-learning is run on planted pairs, on unrelated ones, from 25 pairs of which many are wrong, on
released vectors and on skip-gram vectors of halves of a text, all small, so that there are many.
Beside the signs that the program prints stands the truth: CSLS P@1 on half of the known pairs, and
that of the supervised map learned from the other half. A run is good if it finds at least half of
what that map finds, and 5 % at least. Limits are chosen on every other run of a family, error rates
are measured on the rest. Each finished run is kept in the work folder; a stopped script goes on.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from align.search.precision import precision_at_one  # noqa: E402
from align.vecmap import sides  # noqa: E402
from align.vecmap.agreement import agreement  # noqa: E402
from align.vecmap.alignment import Alignment, align_matrices  # noqa: E402
from align.vecmap.diagnosis import LEAST_AGREEMENT, LEAST_FOUND_AGAIN, LEAST_LIFT  # noqa: E402
from align.vecmap.pairs import PairRows  # noqa: E402
from align.vecmap.presets import FAST_SCHEDULE, preset_settings  # noqa: E402
from align.vecmap.sides import Sides  # noqa: E402
from scripts.machine import describe_machine, machine_line  # noqa: E402
from scripts.quality.trust_worlds import (  # noqa: E402
    World,
    planted_worlds,
    released_worlds,
    trained_worlds,
)
from scripts.results import parse, provenance, quality_parser, write_results  # noqa: E402
from scripts.sgns import num_tokens, train_skip_gram  # noqa: E402
from x2static.core.scores.intervals import share_interval, shown  # noqa: E402

sides._PLAIN_ENTRIES = 0  # the tiled search gives the same answers, faster on one thread
RUNS = 2
SKIP_GRAM: dict[str, Any] = {
    "vector_size": 60, "sg": 1, "window": 5, "negative": 5, "sample": 1e-3, "min_count": 8,
    "workers": 1, "seed": 1,
}  # fmt: skip
WORDS_READ = 5_000_000
SENTENCES = 80_000
_LEAST_SHARE, _LEAST = 0.5, 0.05
"""Of what the supervised map finds, and of all words: what a good run finds."""


def train(work: Path, data: Path) -> None:
    """Skip-gram vectors of both halves of four languages' sentences, where they are missing."""
    from scripts.runner import x2static

    for language in ("en", "es", "fr", "de"):
        text = work / f"{language}.txt"
        if not text.exists():
            x2static("prepare", "--language", language, "--input",
                     data / "mono" / f"{language}.txt.gz", "--output", text, "--tokenizer", "icu",
                     "--rules", "all", "--lowercase", "--workers", 1, "--max-sentences",
                     SENTENCES)  # fmt: skip
        lines = text.read_text(encoding="utf-8").splitlines(keepends=True)
        for half in "ab":
            output = work / f"word2vec-{language}-{half}"
            if output.exists():
                continue
            part = work / f"{language}-{half}.txt"
            part.write_text("".join(lines["ab".index(half) :: 2]), encoding="utf-8")
            epochs = max(4, WORDS_READ // num_tokens(part))
            train_skip_gram(part, output, epochs, SKIP_GRAM)


def judged(world: World, seed: int) -> dict[str, Any]:
    """Signs and truth of one run."""
    settings = replace(
        preset_settings("semi-supervised" if world.seeds else "unsupervised"), **FAST_SCHEDULE
    )
    matrices = world.source, world.target
    first = PairRows(*world.seeds) if world.seeds else None
    began = time.process_time()
    found = align_matrices(*matrices, settings, first, seed=seed, accept_failure=True, threads=1)
    middle = time.process_time()
    matches = Sides(*matrices, settings).frequent_matches(found)
    again = agreement(matrices, settings, first, matches, runs=RUNS, seed=seed, threads=1)
    ended = time.process_time()
    signs = {"found_again": found.diagnosis.found_again, "lift": found.diagnosis.lift,
             "mutual_rate": found.diagnosis.mutual_rate, "agreement": again}  # fmt: skip
    truth = _truth(world, found)
    is_good = truth["p@1"] >= max(_LEAST, _LEAST_SHARE * truth["supervised_p@1"])
    return {
        "name": world.name, "family": world.family, "seed": seed,
        "words": [len(world.source), len(world.target)], **signs, **truth, "good": is_good,
        "iterations": len(found.history), "cpu_seconds": round(middle - began, 2),
        "agreement_cpu_seconds": round(ended - middle, 2),
    }  # fmt: skip


def _truth(world: World, found: Alignment) -> dict[str, Any]:
    """CSLS P@1 on every other known word, and that of a map learned from the others."""
    words = sorted(world.right)
    if not words:
        return {"p@1": 0.0, "supervised_p@1": 0.0, "queries": 0}
    learned, tested = (_pairs(world, words[half::2]) for half in (0, 1))
    supervised = align_matrices(
        world.source, world.target, preset_settings("supervised", ridge=0.1), learned
    )
    scores = [
        precision_at_one(one.source.apply(world.source), one.target.apply(world.target), tested)
        for one in (found, supervised)
    ]
    return {"p@1": scores[0].csls, "supervised_p@1": scores[1].csls, "queries": scores[0].words}


def _pairs(world: World, words: Sequence[int]) -> PairRows:
    both = [(word, other) for word in words for other in sorted(world.right[word])]
    return PairRows(*np.array(both, np.int64).T)


def trusted(run: dict[str, Any], rule: dict[str, float]) -> bool:
    """Whether each sign reaches its limit."""
    return all((run[sign] or 0.0) >= least for sign, least in rule.items())


PROGRAM_RULE = {"agreement": LEAST_AGREEMENT, "found_again": LEAST_FOUND_AGAIN, "lift": LEAST_LIFT}
OLD_RULE = {"found_again": LEAST_FOUND_AGAIN, "lift": LEAST_LIFT}


def chosen_rule(runs: list[dict[str, Any]], signs: Sequence[str]) -> dict[str, float]:
    """The limits with the least error: a bad run that is trusted counts twice.

    Of limits that are equally good the middle ones are taken, sign by sign. Lift keeps its old
    limit: pure noise is what it is for, and no run here is that.
    """
    limits = np.round(np.arange(0.0, 1.0, 0.02), 2)
    tried = [
        {"lift": LEAST_LIFT, **dict(zip(signs, map(float, chosen), strict=True))}
        for chosen in product(limits, repeat=len(signs))
    ]
    errors = [float(np.dot((2, 1), error_rates(runs, rule))) for rule in tried]
    best = [rule for rule, error in zip(tried, errors, strict=True) if error <= min(errors) + 1e-9]
    for sign in signs:
        values = sorted({rule[sign] for rule in best})
        best = [rule for rule in best if rule[sign] == values[len(values) // 2]]
    return best[0]


def error_rates(runs: list[dict[str, Any]], rule: dict[str, float]) -> tuple[float, float]:
    """Shares of bad runs that are trusted and of good ones that are doubted."""
    bad, good = (
        [trusted(run, rule) for run in runs if run["good"] is kind] for kind in (False, True)
    )
    return float(np.mean(bad)) if bad else 0.0, 1 - float(np.mean(good)) if good else 0.0


def halves(runs: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Every other run of each family, and the rest."""
    parts: tuple[list[dict[str, Any]], list[dict[str, Any]]] = ([], [])
    seen: dict[str, int] = {}
    for run in runs:
        turn = seen.get(run["family"], 0)
        parts[turn % 2].append(run)
        seen[run["family"]] = turn + 1
    return parts


def stated(hits: int, count: int) -> str:
    """A share with its 95 % interval."""
    if not count:
        return "none"
    return f"{hits} of {count} {shown(share_interval(hits / count, count))} %"


def report(runs: list[dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    """The tables, and the rules with their errors."""
    choosing, measuring = halves(runs)
    rules = {
        "found again and lift, as before": OLD_RULE,
        "agreement and lift": chosen_rule(choosing, ["agreement"]),
        "agreement, found again and lift": chosen_rule(choosing, ["agreement", "found_again"]),
        "all three, as the program has them": PROGRAM_RULE,
    }
    lines = [
        f"{len(runs)} runs without a dictionary, {sum(run['good'] for run in runs)} of them good. "
        f"Limits are chosen on {len(choosing)} of them, errors measured on the other "
        f"{len(measuring)}, with Wilson's 95 % intervals:\n",
        "| signs | limits | bad runs trusted | good runs doubted |", "|---|---|---|---|",
    ]  # fmt: skip
    data: dict[str, Any] = {}
    for name, rule in rules.items():
        bad, good = ([trusted(run, rule) for run in measuring if run["good"] is kind]
                     for kind in (False, True))  # fmt: skip
        limits = ", ".join(f"{sign.replace('_', ' ')} {rule[sign]:g}" for sign in sorted(rule))
        cells = stated(sum(bad), len(bad)), stated(len(good) - sum(good), len(good))
        lines.append(f"| {name} | {limits} | {cells[0]} | {cells[1]} |")
        data[name] = {"limits": rule, "bad_trusted": [sum(bad), len(bad)],
                      "good_doubted": [len(good) - sum(good), len(good)]}  # fmt: skip
    kinds = [[trusted(run, PROGRAM_RULE) for run in runs if run["good"] is kind]
             for kind in (False, True)]  # fmt: skip
    bad_trusted, good_doubted = sum(kinds[0]), len(kinds[1]) - sum(kinds[1])
    data["program, all runs"] = {
        "limits": PROGRAM_RULE, "bad_trusted": [bad_trusted, len(kinds[0])],
        "good_doubted": [good_doubted, len(kinds[1])],
    }  # fmt: skip
    lines += [
        "",
        "The program's limits were set before these runs (agreement by 30 runs on other planted "
        "pairs, found again and lift earlier), so all runs can measure them: bad runs trusted "
        f"{stated(bad_trusted, len(kinds[0]))}, good runs doubted "
        f"{stated(good_doubted, len(kinds[1]))}. Runs on real vectors share words, so "
        "they are not independent. All these spaces are small (200 to 2,500 words a side); nothing "
        "here was measured on larger ones.",
    ]
    lines += ["", *family_table(runs), "", *run_table(runs)]
    return "\n".join(lines) + "\n", data


def family_table(runs: list[dict[str, Any]]) -> list[str]:
    """How each family went, and what the further runs cost beside the run itself."""
    lines = ["| family | runs | good | agreement of bad runs | agreement of good runs | CPU s of a "
             f"run | of its {RUNS} further runs |", "|---" * 7 + "|"]  # fmt: skip
    for family in dict.fromkeys(run["family"] for run in runs):
        own = [run for run in runs if run["family"] == family]
        cells = [_range([run["agreement"] or 0.0 for run in own if run["good"] is kind])
                 for kind in (False, True)]  # fmt: skip
        costs = [float(np.mean([run[key] for run in own]))
                 for key in ("cpu_seconds", "agreement_cpu_seconds")]  # fmt: skip
        lines.append(f"| {family} | {len(own)} | {sum(run['good'] for run in own)} | {cells[0]} | "
                     f"{cells[1]} | {costs[0]:.1f} | {costs[1]:.1f} |")  # fmt: skip
    return lines


def _range(values: list[float]) -> str:
    return f"{min(values):.2f} to {max(values):.2f}" if values else ""


def run_table(runs: list[dict[str, Any]]) -> list[str]:
    """Every run."""
    lines = ["| run | P@1 | supervised | good | found again | lift | agreement |", "|---" * 7 + "|"]
    for run in runs:
        again = "" if run["agreement"] is None else f"{run['agreement']:.2f}"
        scores = " | ".join(f"{100 * run[name]:.1f}" for name in ("p@1", "supervised_p@1"))
        signs = " | ".join(f"{run[name]:.2f}" for name in ("found_again", "lift"))
        is_good = "yes" if run["good"] else "no"
        lines.append(f"| {run['name']} | {scores} | {is_good} | {signs} | {again} |")
    return lines


def _commit() -> str:
    """Of the program that ran; the seed of a run stands beside it."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.strip()


def worlds(kinds: Sequence[str], work: Path, data: Path) -> Iterator[World]:
    """All pairs of the kinds that are asked for."""
    if "planted" in kinds:
        yield from planted_worlds()
    if "released" in kinds:
        yield from released_worlds(data)
    if "trained" in kinds:
        train(work, data)
        yield from trained_worlds(work, data)


def main(argv: Sequence[str]) -> int:
    """Run what is not there yet, then write the tables."""
    parser = quality_parser(str(__doc__))
    kinds = ("planted", "released", "trained")
    parser.add_argument("--kinds", nargs="*", choices=kinds, default=kinds)
    options = parse(parser, argv)
    work, data = options.work.resolve(), options.data.resolve()
    (work / "runs").mkdir(parents=True, exist_ok=True)
    for world in worlds(options.kinds, work, data):
        place = work / "runs" / f"{world.name.replace('/', '-')}.json"
        if not place.exists():
            place.write_text(
                json.dumps(judged(world, crc32(world.name.encode()) % 1_000)), encoding="utf-8"
            )
            print(place.read_text(encoding="utf-8"), flush=True)
    runs = [json.loads(path.read_text(encoding="utf-8"))
            for path in sorted((work / "runs").glob("*.json"))]  # fmt: skip
    text, rules = report(runs)
    machine = describe_machine()
    text += f"\n{machine_line(machine)}\n"
    about = {"commit": _commit(), "machine": machine, "further_runs": RUNS, "rules": rules}
    seeds = sorted({run["seed"] for run in runs})
    made = provenance(seeds=seeds, n=f"{len(runs)} runs", repeats=1)
    write_results(options.output, {**about, "runs": runs}, text, made)
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
