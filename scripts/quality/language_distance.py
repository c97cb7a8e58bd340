"""What a teacher's language means agree with: families, scripts, distances, with chance beside it.

    scripts/quality/language_distance.py --work W --output docs/results/language-distance

reads `mono/*.txt.gz` of X2STATIC_DATA, or another `--text` below it, such as `ntrex/ntrex.*`, whose
sentences say the same in all languages. `--after NAME=MODEL ...` adds what training did (impact).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scripts.results import parse, provenance, quality_parser, write_results
from x2static.cli import main as x2static
from x2static.core.text.sources import find_sources

ROOT = Path(__file__).resolve().parents[2]
KINDS = ("syntactic", "geographic", "inventory", "genetic", "phonological", "script")
PERMUTATIONS = 9999
KEPT = ("state", "space", "num_groups", "labels", "curve", "silhouette", "stability", "agreement",
        "agreement_at_families", "mean_distance")  # fmt: skip


def main(argv: Sequence[str]) -> int:
    parser = quality_parser(__doc__ or "")
    parser.add_argument("--teacher", default=str(ROOT / "scripts" / "demo_data" / "teacher"))
    parser.add_argument("--text", default="mono/*.txt.gz", help="pattern below the data folder")
    parser.add_argument("--layers", nargs="+", default=["0", "2", "4"])
    parser.add_argument("--sentences", type=int, default=4000)
    parser.add_argument("--after", nargs="*", default=[], help="NAME=MODEL, for impact")
    parser.add_argument("--impact-sentences", type=int, default=400)
    options = parse(parser, argv)
    work, text = options.work, str(options.data / options.text)
    work.mkdir(parents=True, exist_ok=True)
    codes = list(find_sources([text], "--text"))
    if not (work / "means").exists():
        run("languages", "represent", "--model", options.teacher, "--text", text, "--layer",
            *options.layers, "--pool", "cls", "mean", "--max-sentences", options.sentences,
            "--max-pieces", 128, "--output", work / "means", "--resume")  # fmt: skip
    run("languages", "cluster", "--representations", work / "means", "--permutations", PERMUTATIONS,
        "--output", work / "groups", "--overwrite")  # fmt: skip
    run("languages", "distance", "--languages", *codes, "--kind", *KINDS, "representation",
        "--representations", work / "means", "--output", work / "d.tsv", "--overwrite")  # fmt: skip
    last = f"representation.{options.layers[-1]}"
    ours = [f"{last}.cls.raw", f"{last}.cls.centred", f"{last}.mean.centred"]
    run("languages", "analyse", "--distances", work / "d.tsv", "--kinds", *KINDS, *ours,
        "--control", "script", "--permutations", PERMUTATIONS, "--output", work / "analysis",
        "--overwrite")  # fmt: skip
    groups = json.loads((work / "groups" / "groups.json").read_text(encoding="utf-8"))
    analysis = json.loads((work / "analysis" / "analysis.json").read_text(encoding="utf-8"))
    impact = {}
    for one in options.after:
        name, _, model = one.partition("=")
        place = work / f"impact-{name}.json"
        if not place.exists():
            run("eval", "impact", "--before", options.teacher, "--after", model, "--text", text,
                "--max-sentences", options.impact_sentences, "--pool", "mean", "--max-pieces", 64,
                "--json", place)  # fmt: skip
        impact[name] = json.loads(place.read_text(encoding="utf-8"))["rows"]
    parts = [groups_table(groups), correlations(analysis, ours), families(analysis)]
    parts += [impact_table(impact)] if impact else []
    views = [{k: v for k, v in view.items() if k in KEPT} for view in groups["views"]]
    for view in views:
        view["stability"]["sentences"].pop("together")
    data = {"views": views, "analysis": analysis, "impact": impact, "groups": groups["groups"]}
    n = f"{len(codes)} languages x {options.sentences} sentences of {options.text.split('/')[0]}"
    made = provenance(seeds=(0,), n=n, repeats=1)
    write_results(options.output, data, "\n\n".join(parts) + "\n", made)
    return 0


def run(*words: Any) -> None:
    if code := x2static([str(word) for word in words]):
        raise SystemExit(code)


def groups_table(groups: dict[str, Any]) -> str:
    heads = ("state", "space", "groups", "families (p)", "as many groups as families (p)",
             "scripts (p)", "other sentences", "fewer languages")  # fmt: skip
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for row in groups["views"]:
        family, script = row["agreement"]["family"], row["agreement"]["script"]
        many, stable = row["agreement_at_families"], row["stability"]
        cells = [
            row["state"],
            row["space"],
            str(row["num_groups"]),
            index(family),
            index(many),
            index(script),
        ]
        for one in (stable["sentences"], stable["languages"]):
            cells.append(f"{one['mean']:.2f} [{one['low']:.2f}, {one['high']:.2f}]")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def correlations(analysis: dict[str, Any], ours: Sequence[str]) -> str:
    held = {(row["first"], row["second"]): row for row in analysis["partial"]}
    heads = ("distance", "with", "Spearman [95 %]", "p, pairs", "p, Mantel", "Holm",
             "Pearson, script held", "Holm")  # fmt: skip
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for row in analysis["distances"]:
        if row["second"] not in ours or row["first"] in ours:
            continue
        one, partial = row["spearman"], held.get((row["first"], row["second"]))
        low, high = one["interval"] or (None, None)
        cells = [row["first"], row["second"], f"{show(one['value'])} [{show(low)}, {show(high)}]"]
        cells += [show(one[key], 4) for key in ("p_pairs", "p_mantel", "p_holm")]
        cells += [show(partial[key]) for key in ("value", "p_holm")] if partial else ["", ""]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def families(analysis: dict[str, Any]) -> str:
    lines = ["| clusters of | groups | agreement with families (p) |", "|---|---|---|"]
    for row in analysis["families"]:
        lines.append(f"| {row['kind']} | {row['groups']} | {index(row)} |")
    return "\n".join(lines)


def impact_table(impact: dict[str, list[dict[str, Any]]]) -> str:
    parts = []
    for name, rows in impact.items():
        layers = sorted({row["layer"] for row in rows})
        head = " | ".join(f"layer {layer}" for layer in layers)
        lines = [f"| after {name} | {head} |", "|---" * (len(layers) + 1) + "|"]
        for code in dict.fromkeys(row["language"] for row in rows):
            mine = {row["layer"]: row for row in rows if row["language"] == code}
            cells = []
            for layer in layers:
                low, high = mine[layer]["interval_95"] or (0.0, 0.0)
                cells.append(f"{show(mine[layer]['impact'])} ± {(high - low) / 2:.3f}")
            lines.append(f"| {code} | {' | '.join(cells)} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def index(found: dict[str, Any]) -> str:
    return f"{found['value']:.2f} ({found['p']:.4f})"


def show(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
