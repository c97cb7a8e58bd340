r"""Sentence retrieval by one or more teachers: Tatoeba with English, FLORES and NTREX in all pairs.

    export X2STATIC_DATA=...   # folder with tatoeba/, flores200-dev/, ntrex/, nli/
    .venv/bin/python scripts/quality/retrieval.py --work WORK \
        --output docs/results/teacher-retrieval --teachers new=scripts/demo_data/teacher old=FOLDER

The mean of a block's states, control tokens with it, nearest by cosine. The block is chosen on
XNLI's development sentences (nine languages with English), on which no figure stands.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from scripts.results import parse, provenance, quality_parser, write_results  # noqa: E402
from scripts.runner import x2static  # noqa: E402

DEVELOPMENT = ("de", "es", "fr", "hi", "ru", "sw", "ur", "vi", "zh")
EVERY = 3  # a third of XNLI's pairs, for each premise comes three times


def scored(place: Path, *arguments: object) -> list[dict[str, Any]]:
    """The rows of an evaluation, kept in ``place``."""
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        x2static("eval", "retrieval", *arguments, "--json", place)
    rows: list[dict[str, Any]] = json.loads(place.read_text(encoding="utf-8"))["rows"]
    return rows


def accuracy(rows: Sequence[dict[str, Any]]) -> float:
    """Mean over rows, in percent."""
    return 100 * mean(row["accuracy"] for row in rows)


def development(data: Path, work: Path) -> list[Path]:
    """Hypotheses of XNLI's development set, a file for each language, English first."""
    files = []
    for language in ("en", *DEVELOPMENT):
        path = work / "xnli" / f"xnli.{language}"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            with gzip.open(
                data / "nli" / f"xnli.dev-{language}.tsv.gz", "rt", encoding="utf-8"
            ) as s:
                lines = [line.split("\t")[1] for line in s][::EVERY]
            path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        files.append(path)
    return files


def best_block(model: Path, work: Path, name: str, depth: int, data: Path) -> int:
    """The block that finds most development sentences."""
    english, *others = development(data, work)
    found = {}
    for layer in range(depth + 1):
        rows = scored(work / "scores" / f"{name}.xnli.{layer}.json", "--model", model, "--layer",
                      layer, "--source", *others, "--target", *[english] * len(others))  # fmt: skip
        found[layer] = accuracy(rows)
    print(name, {layer: round(value, 1) for layer, value in found.items()}, flush=True)
    return max(found, key=lambda layer: found[layer])


def tatoeba(model: Path, work: Path, name: str, layer: int, data: Path) -> dict[str, float]:
    """Accuracy with English, mean of both directions, by the test set's code."""
    pairs = sorted((data / "tatoeba").glob("*.eng"))
    codes = [path.name.split(".")[1].split("-")[0] for path in pairs]
    sources = [path.with_name(f"tatoeba.{c}-eng.{c}") for path, c in zip(pairs, codes, strict=True)]
    rows = scored(work / "scores" / f"{name}.tatoeba.{layer}.json", "--model", model, "--layer",
                  layer, "--source", *sources, "--target", *pairs)  # fmt: skip
    return {code: accuracy(rows[2 * n : 2 * n + 2]) for n, code in enumerate(codes)}


def all_pairs(model: Path, work: Path, name: str, layer: int, files: list[Path]) -> dict[str, Any]:
    """Mean accuracy over all pairs by each search, and of each language with English."""
    kind = files[0].parent.name
    rows = scored(work / "scores" / f"{name}.{kind}.{layer}.json", "--model", model, "--layer",
                  layer, "--parallel", *files, "--method", "nn", "csls", "margin")  # fmt: skip
    means = {
        method: accuracy([row for row in rows if row["method"] == method])
        for method in ("nn", "csls", "margin")
    }
    english = {
        path.suffix[1:]: accuracy(
            [
                row
                for row in rows
                if row["method"] == "nn"
                and {Path(row["source"]).suffix, Path(row["target"]).suffix} == {path.suffix, ".en"}
            ]
        )
        for path in files
        if path.suffix != ".en"
    }
    return {"languages": len(files), **means, "with English": english}


SETS = {"flores": "flores200-dev/dev.*", "ntrex": "ntrex/ntrex.*"}
NUMBERS = {"flores": "FLORES 997", "ntrex": "NTREX 1,997"}


def measure(name: str, model: Path, work: Path, data: Path, sets: Sequence[str]) -> dict[str, Any]:
    """All figures of a teacher."""
    depth = json.loads((model / "config.json").read_text(encoding="utf-8"))["num_hidden_layers"]
    layer = best_block(model, work, name, depth, data)
    return {
        "teacher": name,
        "block": layer,
        "tatoeba": tatoeba(model, work, name, layer, data),
        **{key: all_pairs(model, work, name, layer, sorted(data.glob(SETS[key]))) for key in sets},
    }


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as Markdown: means, then Tatoeba by language."""
    sets = [key for key in SETS if key in rows[0]]
    head = ["teacher", "block", "Tatoeba"]
    for key in sets:
        head += [f"{key.upper()}, all pairs", "CSLS", "margin"]
    lines = [f"| {' | '.join(head)} |", "|---" + "|---:" * (len(head) - 1) + "|"]
    for row in rows:
        cells = [row["block"], f"{mean(row['tatoeba'].values()):.1f}"]
        cells += [f"{row[kind][how]:.1f}" for kind in sets for how in ("nn", "csls", "margin")]
        lines.append(f"| {row['teacher']} | {' | '.join(map(str, cells))} |")
    for key in ("tatoeba", *sets):
        name = f"{key.upper() if key in SETS else 'Tatoeba'} with English"
        by_language = [row[key] if key == "tatoeba" else row[key]["with English"] for row in rows]
        lines += ["", f"| {name} | {' | '.join(by_language[0])} |"]
        lines.append("|---" + "|---:" * len(by_language[0]) + "|")
        for row, found in zip(rows, by_language, strict=True):
            lines.append(
                f"| {row['teacher']} | " + " | ".join(f"{v:.0f}" for v in found.values()) + " |"
            )
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str]) -> int:
    """Measure what is missing, write the table."""
    parser = quality_parser(__doc__)
    parser.add_argument("--teachers", nargs="+", required=True, help="NAME=FOLDER ...")
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS))
    options = parse(parser, argv)
    teachers = [teacher.split("=", 1) for teacher in options.teachers]
    rows = [
        measure(name, Path(place), options.work, options.data, options.sets)
        for name, place in teachers
    ]
    sizes = ["Tatoeba: 307 to 1,000 pairs", *(NUMBERS[key] for key in options.sets)]
    made = provenance(seeds=(), n="; ".join(sizes), repeats=1)
    write_results(options.output, rows, table(rows), made)
    print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
