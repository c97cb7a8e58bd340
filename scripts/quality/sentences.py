r"""Sentences from static vectors: unaligned, aligned, and the teacher's own mean-pooled states.

    export X2STATIC_DATA=...   # folder with mono/, muse/, tatoeba/, flores200-dev/, ntrex/
    .venv/bin/python scripts/quality/sentences.py --work WORK \
        --output docs/results/quality-sentences

Vectors are distilled from the teacher of 41 languages beside the demo's, on the first sentences of
each language: as they come, and with the words of the test sentences asked for (`distill --words`:
no translation is read). Each language is aligned with English by the default of `align` from MUSE's
training dictionary. A sentence is the plain mean of its words, or that by SIF weights without each
language's common component (`eval retrieval --sif --component words`). Accuracy is the mean of both
directions; the teacher is read at the block that finds most sentences of XNLI's development set
(docs/results/teacher-retrieval.md) and at the one that is distilled. Every score is kept in WORK.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[threads] = "1"
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from eval.lookup import Lookup  # noqa: E402
from eval.retrieval.static_sentences import StaticEncoder  # noqa: E402
from scripts.results import parse, provenance, quality_parser, write_results  # noqa: E402
from scripts.runner import x2static_here  # noqa: E402
from scripts.workspace import Workspace  # noqa: E402
from x2static.core.formats.many_languages import sentence_rows  # noqa: E402
from x2static.core.vector_file import read_vectors  # noqa: E402

TEACHER = ROOT / "scripts" / "demo_data" / "teacher-41"
HUB, SENTENCES, BLOCKS = "en", 20_000, (1, 2)
LONG_CODES = {"de": "deu", "es": "spa", "fr": "fra", "fi": "fin", "ru": "rus"}
SETS = ("Tatoeba", "FLORES", "NTREX")
SEARCHES = ("nn", "csls")
MEANS: dict[str, tuple[object, ...]] = {"mean": (), "SIF": ("--sif", "--component", "words")}
TURNS = 5


@dataclass(frozen=True)
class SentenceWork(Workspace):
    """Where things lie."""

    def test(self, kind: str, language: str) -> tuple[Path, Path]:
        """Sentences of a language and their English ones."""
        if kind == "Tatoeba":
            code = LONG_CODES[language]
            stem = self.data / "tatoeba" / f"tatoeba.{code}-eng"
            return Path(f"{stem}.{code}"), Path(f"{stem}.eng")
        stem = self.data / ("flores200-dev/dev" if kind == "FLORES" else "ntrex/ntrex")
        return Path(f"{stem}.{language}"), Path(f"{stem}.{HUB}")

    def text(self, language: str) -> Path:
        """Prepared sentences."""
        path = self.work / f"{language}.txt"
        if not path.exists():
            x2static_here("prepare", "--language", language, "--input", self.raw(language),
                          "--output", path, "--tokenizer", "icu", "--rules", "all", "--lowercase",
                          "--workers", 1, "--max-sentences", SENTENCES)  # fmt: skip
        return path

    def words(self, language: str) -> Path:
        """The words of the test sentences of a language, in lower case."""
        path = self.work / f"words-{language}.txt"
        spoken = LONG_CODES if language == HUB else (language,)
        files = {self.test(kind, one)[language == HUB] for kind in SETS for one in spoken}
        lines = [line for file in sorted(files) for line in file.read_text("utf-8").splitlines()]
        words = [word for line in lines for word in re.findall(r"\w+", line.lower())]
        path.write_text("".join(f"{word}\n" for word in dict.fromkeys(words)), encoding="utf-8")
        return path

    def vectors(self, language: str, *, given: bool) -> Path:
        """Distilled, with the words of the test sentences or without."""
        path = self.work / ("given" if given else "plain") / language
        if not path.exists():
            more = ("--words", self.words(language)) if given else ()
            x2static_here("distill", "--corpus", self.text(language), "--language", language,
                          "--teacher", TEACHER, "--output", path, "--resume", *more)  # fmt: skip
        return path

    def aligned(self, language: str, *, given: bool) -> tuple[Path, Path]:
        """Both sides in one space."""
        sides = [self.vectors(name, given=given) for name in (language, HUB)]
        folder = self.work / f"{sides[0].parent.name}-aligned" / language
        if not folder.exists():
            x2static_here("align", "--source", sides[0], "--target", sides[1], "--lexicon",
                          self.data / "muse" / "train" / f"{language}-{HUB}.0-5000.txt",
                          "--output-source", folder / language, "--output-target", folder / HUB,
                          "--overwrite")  # fmt: skip
        return folder / language, folder / HUB


def scored(bench: SentenceWork, name: str, *arguments: object) -> dict[str, dict[str, float]]:
    """Accuracy of each search, and the share of sentences with a known word; mean of directions."""
    place = bench.work / "scores" / f"{name}.json"
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        x2static_here("eval", "retrieval", *arguments, "--method", *SEARCHES, "--json", place)
    rows = json.loads(place.read_text(encoding="utf-8"))["rows"]
    return {
        search: {
            figure: 100 * statistics.mean(row[figure] for row in rows if row["method"] == search)
            for figure in ("accuracy", "coverage")
        }
        for search in SEARCHES
    }


def static_row(bench: SentenceWork, kind: str, mean: str, *, given: bool) -> list[dict[str, Any]]:
    """Unaligned and aligned vectors on a set, for each language."""
    rows = []
    for language in LONG_CODES:
        source, target = bench.test(kind, language)
        ways = {
            "unaligned": [bench.vectors(name, given=given) for name in (language, HUB)],
            "aligned": bench.aligned(language, given=given),
        }
        for way, sides in ways.items():
            vectors = f"{'words given' if given else 'as they come'}, {way}, {mean}"
            name = f"{kind}.{language}.{vectors.replace(', ', '.').replace(' ', '-')}"
            found = scored(bench, name, "--source", source, "--target", target, "--vectors",
                           *sides, *MEANS[mean])  # fmt: skip
            rows.append({"vectors": vectors, "set": kind, "language": language, **found})
    return rows


def teacher_row(bench: SentenceWork, kind: str, block: int) -> list[dict[str, Any]]:
    """The teacher's states on a set, for each language."""
    rows = []
    for language in LONG_CODES:
        source, target = bench.test(kind, language)
        found = scored(bench, f"{kind}.{language}.teacher.{block}", "--source", source, "--target",
                       target, "--model", TEACHER, "--layer", block)  # fmt: skip
        vectors = f"teacher's states, block {block}"
        rows.append({"vectors": vectors, "set": kind, "language": language, **found})
    return rows


def speeds(bench: SentenceWork) -> dict[str, float]:
    """English sentences of NTREX a second, one thread, the median of some turns."""
    import torch

    from x2static.teacher import load_teacher
    from x2static.teacher.sentences import SentenceEncoder

    torch.set_num_threads(1)
    vectors = read_vectors(bench.aligned("de", given=True)[1])
    lookup = Lookup(vectors, "auto", "skip")
    static = StaticEncoder(vectors, lookup, sif=False, rows=sentence_rows(vectors))
    lines = bench.test("NTREX", "de")[1].read_text(encoding="utf-8").splitlines()
    found = {"static vectors, SIF": len(lines) / _seconds(static.encode, lines)}
    for block in BLOCKS:
        teacher = load_teacher(str(TEACHER), block, "cpu", "fp32")
        states = SentenceEncoder(teacher, specials=True, max_pieces=512, batch_pieces=8192)
        found[f"teacher's states, block {block}"] = len(lines) / _seconds(states.encode, lines)
    return found


def _seconds(encode: Callable[[Sequence[str]], Any], lines: Sequence[str]) -> float:
    found = []
    for _ in range(TURNS):
        began = time.process_time()
        encode(lines)
        found.append(time.process_time() - began)
    return statistics.median(found)


def table(rows: Sequence[dict[str, Any]], speed: dict[str, float]) -> str:
    """Means over the languages, then each language, then speed."""
    head = [f"{kind}{how}" for kind in SETS for how in ("", ", CSLS")]
    lines = [
        "Sentences whose translation is nearest, in percent, mean of both directions and of "
        f"{', '.join(LONG_CODES)} with English.",
        "",
        f"| vectors | {' | '.join(head)} | mean | mean, CSLS |",
        "|---" + "|---:" * (len(head) + 2) + "|",
    ]
    for vectors in dict.fromkeys(row["vectors"] for row in rows):
        here = [row for row in rows if row["vectors"] == vectors]
        cells = [_mean(here, kind, search) for kind in SETS for search in SEARCHES]
        means = [statistics.mean(cells[number::2]) for number in range(2)]
        lines.append(f"| {vectors} | {' | '.join(f'{cell:.1f}' for cell in [*cells, *means])} |")
    lines += ["", f"| mean of the sets, nearest | {' | '.join(LONG_CODES)} |",
              "|---" + "|---:" * len(LONG_CODES) + "|"]  # fmt: skip
    for vectors in dict.fromkeys(row["vectors"] for row in rows):
        found = [
            statistics.mean(
                row["nn"]["accuracy"]
                for row in rows
                if (row["vectors"], row["language"]) == (vectors, language)
            )
            for language in LONG_CODES
        ]
        lines.append(f"| {vectors} | {' | '.join(f'{cell:.1f}' for cell in found)} |")
    lines += ["", "| one thread, English sentences of NTREX | sentences/s |", "|---|---:|"]
    lines += [f"| {name} | {rate:,.0f} |" for name, rate in speed.items()]
    return "\n".join(lines) + "\n"


def _mean(rows: Sequence[dict[str, Any]], kind: str, search: str) -> float:
    return statistics.mean(row[search]["accuracy"] for row in rows if row["set"] == kind)


def main(argv: Sequence[str]) -> int:
    """Measure what is missing, write the table."""
    options = parse(quality_parser(__doc__ or ""), argv)
    bench = SentenceWork(options.data, options.work.resolve())
    bench.work.mkdir(parents=True, exist_ok=True)
    rows = [
        row
        for given in (False, True)
        for mean in MEANS
        for kind in SETS
        for row in static_row(bench, kind, mean, given=given)
    ]
    rows += [row for block in BLOCKS for kind in SETS for row in teacher_row(bench, kind, block)]
    sizes = "Tatoeba 1,000, FLORES 997, NTREX 1,997 pairs"
    speed = speeds(bench)
    made = provenance(seeds=(0,), n=f"{SENTENCES:,} sentences a language; {sizes}", repeats=1)
    text = table(rows, speed)
    write_results(options.output, {"rows": rows, "sentences a second": speed}, text, made)
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
