"""What pre-training does to each language's space: masked guessing, DCCA, sentence pairs.

    export X2STATIC_DATA=...   # folder with mono/, muse/, bitext/
    .venv/bin/python scripts/quality/impact.py --work WORK --output docs/results/quality-impact

From one teacher a model goes on for as many updates in each of three ways, on English, German,
Spanish and French: masked language modelling alone; with DCCA against the teacher's own vectors,
distilled and aligned; with translation language modelling and translations drawn to each other.
Impact, 1 - CKA without bias of mean-pooled states, is measured in 12 languages at every block.
Finished models and measurements are kept in WORK: a stopped run goes on.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from scripts.quality.pretrain import name_with_digest  # noqa: E402
from scripts.results import parse, provenance, quality_parser, write_results  # noqa: E402
from scripts.runner import x2static  # noqa: E402
from scripts.workspace import Workspace  # noqa: E402

TEACHER = ROOT / "scripts" / "demo_data" / "teacher-41"
HUB, SPOKES = "en", ("de", "es", "fr")
TRAINED = (HUB, *SPOKES)
OTHERS = ("nl", "pl", "fi", "sw", "ru", "hi", "ur", "ja")
LINES = 5000  # that vectors are distilled from
BITEXT = {"bible": TRAINED, "tico-19": (HUB, "es", "fr")}
WAYS = {
    "mlm": "masked language modelling",
    "dcca": "the same and DCCA",
    "bitext": "the same and sentence pairs",
}


@dataclass(frozen=True)
class ImpactWork(Workspace):
    """What all parts share.

    Attributes:
        teacher: the model that goes on.
        steps: updates of each model.
        batch: lines in an update, and sentence pairs.
        rate: largest step size.
        sentences: of each language that impact is measured on.
    """

    teacher: Path
    steps: int
    batch: int
    rate: float
    sentences: int

    def vectors(self) -> list[str]:
        """The teacher's own vectors in the space of English, ``LANGUAGE=FOLDER``."""
        own = {code: self.work / "vectors" / code for code in TRAINED}
        for text in self.texts(TRAINED, LINES):
            code, _, raw = text.partition("=")
            sentences = self.work / "sentences" / f"{code}.txt"
            if not sentences.exists():
                x2static("prepare", "--language", code, "--input", raw, "--output", sentences,
                         "--tokenizer", "icu", "--rules", "all", "--lowercase", "--workers",
                         1)  # fmt: skip
            x2static("distill", "--corpus", sentences, "--teacher", self.teacher, "--output",
                     own[code], "--min-count", 5, "--resume")  # fmt: skip
        x2static("align", "hub", "--hub", f"{HUB}={own[HUB]}", "--spokes",
                 *(f"{code}={own[code]}" for code in SPOKES), "--lexicons",
                 self.data / "muse" / "train" / f"{{}}-{HUB}.0-5000.txt", "--output",
                 self.work / "aligned", "--resume")  # fmt: skip
        aligned = {code: self.work / "aligned" / code for code in SPOKES} | {HUB: own[HUB]}
        return [f"{code}={aligned[code]}" for code in TRAINED]

    def train(self, way: str, seed: int) -> Path:
        """The model after its updates."""
        model = self.work / "models" / f"{way}-{self.steps}-{seed}"
        flags: list[object] = ["--loss", "none"]
        if way == "dcca":
            flags = ["--loss", "dcca", "--align-batch", 256, "--vectors", *self.vectors()]
        if way == "bitext":
            pairs = [
                self.data / f"bitext/{source}/{code}.tsv.xz"
                for source, codes in BITEXT.items()
                for code in codes
            ]
            flags += ["--bitext", *pairs, "--tlm-batch", self.batch, "--sentence-weight", 1,
                      "--sentence-layer", 2, "--sentence-batch", 16]  # fmt: skip
        x2static("pretrain", "--model", self.teacher, *flags, "--text", *self.texts(TRAINED),
                 "--unit", "lines", "--block", 64, "--mlm-batch", self.batch, "--learning-rate",
                 self.rate, "--warmup", self.steps // 10, "--steps", self.steps, "--choose", "last",
                 "--validate-every", 0, "--validation-sequences", 64, "--seed", seed,
                 "--cache-folder", self.work / "texts", "--output", model, "--resume")  # fmt: skip
        return model

    def measure(self, model: Path) -> list[dict[str, Any]]:
        """A row for each language and block."""
        answer = self.work / "impact" / f"{name_with_digest(model)}.{self.sentences}.json"
        if not answer.exists():
            answer.parent.mkdir(parents=True, exist_ok=True)
            x2static("eval", "impact", "--before", self.teacher, "--after", model, "--text",
                     *self.texts((*TRAINED, *OTHERS)), "--max-sentences", self.sentences, "--pool",
                     "mean", "--max-pieces", 64, "--json", answer)  # fmt: skip
        rows: list[dict[str, Any]] = json.loads(answer.read_text(encoding="utf-8"))["rows"]
        return rows


Found = dict[str, list[list[dict[str, Any]]]]  # rows of each seed, by way


def table(found: Found) -> str:
    """Impact by language at the middle and the last block, then means over languages."""
    rows = next(iter(found.values()))[0]
    last = max(row["layer"] for row in rows)
    layers = (last // 2, last)
    head = [f"{WAYS[way]}, block {layer}" for way in found for layer in layers]
    lines = [f"| impact on | {' | '.join(head)} |", "|---" + "|---:" * len(head) + "|"]
    languages = list(dict.fromkeys(row["language"] for row in rows))
    for code in languages:
        cells = [_cell(seeds, code, layer) for seeds in found.values() for layer in layers]
        stated = f"**{code}**" if code in TRAINED else code
        lines.append(f"| {stated} | {' | '.join(cells)} |")
    others = [code for code in languages if code not in TRAINED]
    for name, some in (("*mean, trained on*", TRAINED), ("*mean, others*", others)):
        cells = [_mean(seeds, some, layer) for seeds in found.values() for layer in layers]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n\n" + doubts(found, last)


def doubts(found: Found, last: int) -> str:
    """The null, the bias and the outliers at the last block, means over languages."""
    head = "| last block, mean over languages | impact | by biased CKA | without the 1 % farthest |"
    lines = [head + " CKA of random pairs |", "|---|---:|---:|---:|---:|"]
    for way, seeds in found.items():
        some = [row for rows in seeds for row in rows if row["layer"] == last]
        cells = [statistics.mean(row["impact"] for row in some)]
        cells.append(1 - statistics.mean(row["cka_biased"] for row in some))
        cells.append(1 - statistics.mean(row["without_farthest"] for row in some))
        cells.append(statistics.mean(row["null"] for row in some))
        lines.append(f"| {WAYS[way]} | {' | '.join(f'{cell:.3f}' for cell in cells)} |")
    return "\n".join(lines) + "\n"


def _cell(seeds: Sequence[Sequence[dict[str, Any]]], code: str, layer: int) -> str:
    """Mean over seeds, and the wider of the jackknife's and the seeds' half interval."""
    mine = [
        row for rows in seeds for row in rows if (row["language"], row["layer"]) == (code, layer)
    ]
    values = [row["impact"] for row in mine]
    ends = [row["interval_95"] or (row["impact"], row["impact"]) for row in mine]
    half = max((high - low) / 2 for low, high in ends)
    half = max(half, (max(values) - min(values)) / 2)
    return f"{statistics.mean(values):.3f} ± {half:.3f}"


def _mean(seeds: Sequence[Sequence[dict[str, Any]]], some: Sequence[str], layer: int) -> str:
    means = [
        statistics.mean(
            row["impact"] for row in rows if row["layer"] == layer and row["language"] in some
        )
        for rows in seeds
    ]
    return f"{statistics.mean(means):.3f}"


def main(argv: Sequence[str]) -> int:
    """Train and measure what is missing, write the table."""
    parser = quality_parser(__doc__)
    parser.add_argument("--teacher", type=Path, default=TEACHER)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=5e-4)
    parser.add_argument("--sentences", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=2)
    options = parse(parser, argv)
    bench = ImpactWork(options.data, options.work, options.teacher, options.steps, options.batch,
                       options.rate, options.sentences)  # fmt: skip
    seeds = range(1, options.seeds + 1)
    found: Found = {way: [bench.measure(bench.train(way, seed)) for seed in seeds] for way in WAYS}
    n = f"{bench.steps} updates; {bench.sentences} sentences of each of 12 languages"
    made = provenance(seeds=seeds, n=n, repeats=len(seeds))
    result = {"steps": bench.steps, "batch": bench.batch, "rate": bench.rate, "ways": found}
    write_results(options.output, result, table(found), made)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
