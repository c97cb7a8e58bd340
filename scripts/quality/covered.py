"""Every word covered: what dictionaries and rare words gain when no word lacks a vector.

    export X2STATIC_DATA=...   # folder with mono/, muse/, wordsim/
    .venv/bin/python scripts/quality/covered.py --work WORK --output docs/results/quality-coverage

Three ways from the same text: the vectors as they come; with a composer (`eval bli --compose`);
with `distill --words`. The words wanted are those a user would know beforehand: the source words of
the test dictionary, and for English the English words of all of MUSE's dictionaries at hand, train
and test, whatever they translate to. All are aligned by `supervised` from MUSE's training pairs.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from scripts.results import parse, provenance, quality_parser, write_results  # noqa: E402
from scripts.runner import x2static_here  # noqa: E402
from scripts.workspace import Workspace  # noqa: E402
from x2static.core.vector_file import read_vectors  # noqa: E402

HUB, RARE = "en", "EN-RW-STANFORD.txt"
WAYS = ("as they come", "composed", "words given")
TEACHERS = {
    "demo": ROOT / "scripts" / "demo_data" / "teacher",
    "languages-41": ROOT / "scripts" / "demo_data" / "teacher-41",
}


def text_of(bench: Workspace, language: str, sentences: int) -> Path:
    """The first sentences of a language, in lower case."""
    path = bench.work / "sentences" / f"{language}-{sentences}.txt"
    if not path.exists():
        x2static_here("prepare", "--language", language, "--input", bench.raw(language),
                 "--output", path, "--tokenizer", "auto", "--rules", "all", "--lowercase",
                 "--workers", 1, "--max-sentences", sentences)  # fmt: skip
    return path


def wanted(bench: Workspace, language: str) -> Path:
    """The words that the vectors must have."""
    path = bench.work / f"words-{language}.txt"
    muse = bench.data / "muse"
    if language == HUB:
        first = pairs_in(sorted(muse.glob(f"*/{HUB}-*.txt")), 0)
        words = first + pairs_in(sorted(muse.glob(f"*/*-{HUB}.*.txt")), 1)
        rare = bench.data / "wordsim" / RARE
        words += [w.lower() for line in rare.read_text("utf-8").splitlines()
                  for w in line.split()[:2]]  # fmt: skip
    else:
        words = pairs_in([test_of(bench, language)], 0)
    path.write_text("".join(f"{word}\n" for word in dict.fromkeys(words)), encoding="utf-8")
    return path


def pairs_in(files: Sequence[Path], column: int) -> list[str]:
    """One column of dictionaries, in lower case."""
    lines = [line.split() for path in files for line in path.read_text("utf-8").splitlines()]
    return [line[column].lower() for line in lines if len(line) == 2]


def test_of(bench: Workspace, language: str) -> Path:
    """MUSE's test dictionary."""
    return bench.data / "muse" / "test" / f"{language}-{HUB}.5000-6500.txt"


def vectors(bench: Workspace, teacher: str, language: str, sentences: int, *, given: bool) -> Path:
    """Distilled, with the words that are wanted or without."""
    output = bench.work / f"{teacher}-{sentences}{'-words' if given else ''}" / language
    more = ("--words", wanted(bench, language)) if given else ()
    x2static_here(
        "distill", "--corpus", text_of(bench, language, sentences), "--language", language,
        "--teacher", TEACHERS[teacher], "--min-count", 5, "--output", output, "--resume", *more,
    )  # fmt: skip
    return output


def answers(file: Path, *words: object) -> dict[str, Any]:
    """The only row of an evaluation."""
    file.unlink(missing_ok=True)
    x2static_here(*words, "--json", file)
    (row,) = json.loads(file.read_text(encoding="utf-8"))["rows"]
    return dict(row)


def rows_of(bench: Workspace, teacher: str, language: str, sentences: int) -> list[dict[str, Any]]:
    """The three ways of a pair, each also on the queries that the plain vectors answer."""
    rows, old = [], bench.work / f"covered-{teacher}-{language}.txt"
    for way in WAYS:
        given = way == "words given"
        sides = [vectors(bench, teacher, name, sentences, given=given) for name in (language, HUB)]
        mapped = [side.with_name(f"{side.name}-mapped-{language}") for side in sides]
        x2static_here("align", "--preset", "supervised", "--source", sides[0], "--target", sides[1],
                 "--lexicon", bench.data / "muse" / "train" / f"{language}-{HUB}.0-5000.txt",
                 "--output-source", mapped[0], "--output-target", mapped[1],
                 "--overwrite")  # fmt: skip
        if way == WAYS[0]:
            have = [set(read_vectors(side).words) for side in mapped]
            lines = test_of(bench, language).read_text("utf-8").splitlines()
            old.write_text(
                "".join(
                    f"{line}\n"
                    for line in lines
                    if len(line.split()) == 2
                    and all(word in known for word, known in zip(line.split(), have, strict=True))
                ),
                "utf-8",
            )
        compose = ("--compose",) if way == "composed" else ()
        scores = {
            name: answers(bench.work / "answer.json", "eval", "bli", "--source", mapped[0],
                          "--target", mapped[1], "--lexicon", lexicon, *compose)
            for name, lexicon in (("all", test_of(bench, language)), ("old", old))
        }  # fmt: skip
        rows.append({
            "teacher": teacher, "sentences": sentences, "language": language, "way": way,
            "coverage": scores["all"]["coverage"], "p@1": scores["all"]["p@1"],
            "strict p@1": scores["all"]["strict_p@1"], "queries": scores["all"]["queries"],
            "old p@1": scores["old"]["p@1"], "old queries": scores["old"]["queries"],
        })  # fmt: skip
    return rows


def rare_words(bench: Workspace, teacher: str, sentences: int) -> list[dict[str, Any]]:
    """Similarity of rare English words, without and with words given."""
    rows = []
    for given in (False, True):
        row = answers(
            bench.work / "answer.json", "eval", "similarity", "--vectors",
            vectors(bench, teacher, HUB, sentences, given=given), "--phrases", "skip",
            "--dataset", bench.data / "wordsim" / RARE,
        )  # fmt: skip
        rho, pairs = row["spearman"] or 0.0, row["covered"]
        rows.append({
            "teacher": teacher, "sentences": sentences, "way": WAYS[2 if given else 0],
            "spearman": rho, "covered": pairs, "coverage": row["coverage"],
            "margin": 1.96 * (1 - rho**2) * 1.03 / math.sqrt(max(pairs - 3, 1)),
        })  # fmt: skip
    return rows


def table(pairs: Sequence[Mapping[str, Any]], rare: Sequence[Mapping[str, Any]]) -> str:
    """Both tables in Markdown."""
    lines = ["CSLS P@1 on MUSE's test words (strict: a word without a vector is a wrong answer; "
             "old: the words that the vectors have as they come):\n",
             "| teacher | pair | way | covered | P@1 | strict P@1 | times | P@1, old | old words |",
             "|---|---|---|---:|---:|---:|---:|---:|---:|"]  # fmt: skip
    for row in pairs:
        plain = next(
            one for one in pairs if one["way"] == WAYS[0]
            and (one["teacher"], one["language"]) == (row["teacher"], row["language"])
        )  # fmt: skip
        times = row["strict p@1"] / plain["strict p@1"] if plain["strict p@1"] else math.nan
        lines.append(
            f"| {row['teacher']} | {row['language']}-{HUB} | {row['way']} "
            f"| {100 * row['coverage']:.0f} % | {100 * row['p@1']:.1f} "
            f"| {100 * row['strict p@1']:.1f} | {times:.2f} | {100 * row['old p@1']:.1f} "
            f"| {row['old queries']} |"
        )
    lines += ["", f"Spearman on rare words ({RARE}; pairs with both words):\n",
              "| teacher | way | similarity | half a 95 % interval | pairs | covered |",
              "|---|---|---:|---:|---:|---:|"]  # fmt: skip
    lines += [
        f"| {row['teacher']} | {row['way']} | {100 * row['spearman']:.1f} "
        f"| {100 * row['margin']:.1f} | {row['covered']:,} | {100 * row['coverage']:.0f} % |"
        for row in rare
    ]
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str]) -> int:
    """Make, score, write."""
    parser = quality_parser(__doc__ or "")
    parser.add_argument("--teachers", nargs="*", choices=list(TEACHERS), default=list(TEACHERS))
    parser.add_argument("--languages", nargs="*", default=["de", "fr", "es"])
    parser.add_argument("--sentences", type=int, default=25_000)
    options = parse(parser, argv)
    bench = Workspace(options.data, options.work.resolve())
    bench.work.mkdir(parents=True, exist_ok=True)
    pairs: list[dict[str, Any]] = []
    rare: list[dict[str, Any]] = []
    made = provenance(seeds=(0,), n=f"{options.sentences:,} sentences a language", repeats=1)
    for teacher in options.teachers:
        for language in options.languages:
            pairs += rows_of(bench, teacher, language, options.sentences)
            rows = {"pairs": pairs, "rare words": rare}
            write_results(options.output, rows, table(pairs, rare), made)
        rare += rare_words(bench, teacher, options.sentences)
        write_results(
            options.output, {"pairs": pairs, "rare words": rare}, table(pairs, rare), made
        )
    print(table(pairs, rare))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
