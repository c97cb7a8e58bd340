"""What alignment losses do to a transformer: retrieval and masked loss, before and after.

    export X2STATIC_DATA=...   # folder with mono/, muse/, tatoeba/, and flores200-dev/ if there
    .venv/bin/python scripts/quality/pretrain.py --work WORK --output docs/results/quality-pretrain

Vectors are distilled from the teacher itself (default preset; WORK may be that of
scripts/quality/teacher.py, which makes the same), aligned with MUSE's training dictionaries into
the space of English, and drive every loss; then each loss goes on with the
pre-training from the same start, on the same text, for the same number of updates, under several
seeds. Retrieval is Tatoeba's and FLORES's (which no step saw), mean of both directions, at the
block that the table names. Every finished part is kept in WORK: a stopped run goes on. A part that
was made with other settings or another teacher is refused, not used; a score belongs to
the weights it was measured on. Tagging is in scripts/quality/tasks.py; other widths, and the losses
with today's defaults, in scripts/quality/widths.py.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from eval.downstream.pretrained import model_digest  # noqa: E402
from eval.retrieval.config import RetrievalConfig  # noqa: E402
from eval.retrieval.stage import retrieval as find_translations  # noqa: E402
from scripts.quality import teacher as quality_teacher  # noqa: E402
from scripts.quality.teacher import HUB, SPOKES  # noqa: E402
from scripts.results import parse, provenance, quality_parser, write_results  # noqa: E402
from scripts.runner import x2static  # noqa: E402
from scripts.train_demo_teacher import OUTPUT as TEACHER  # noqa: E402
from scripts.workspace import Workspace  # noqa: E402

# eu has no dictionary in MUSE: text, but no vectors
TATOEBA = {"de": "deu", "fr": "fra", "es": "spa", "eu": "eus"}
TESTS = {"tatoeba": "Tatoeba", "flores": "FLORES"}
TRAINING: tuple[object, ...] = (
    "--unit", "lines", "--block", 64, "--mlm-batch", 64, "--temperature", 2,
    "--learning-rate", 2e-4, "--warmup", 50, "--choose", "last", "--validate-every", 0,
    "--validation-sequences", 1000, "--max-words", 20_000,
)  # fmt: skip
# As the table was made: weights of the losses as they are, statistics of one update, even draws.
AS_THEN = ("--weight-scale", "loss", "--memory", 0, "--word-sampling", "uniform")
LOSSES: dict[str, tuple[object, ...]] = {
    "none": ("--loss", "none"),
    "mse": ("--loss", "mse", "--weight", 10, *AS_THEN),
    "dgcca": ("--loss", "dgcca", "--weight", 10, *AS_THEN),
    "dcca": ("--loss", "dcca", "--weight", 0.1, *AS_THEN),
    "infonce": ("--loss", "infonce", "--weight", 10, *AS_THEN),
}
STATED = {
    "base": "the teacher as it is",
    "none": "+ MLM alone",
    "mse": "+ MLM + 10 `mse`",
    "dgcca": "+ MLM + 10 `dgcca`",
    "dcca": "+ MLM + 0.1 `dcca`",
    "infonce": "+ MLM + 10 `infonce`",
}


@dataclass(frozen=True)
class PretrainWork(Workspace):
    """Where things lie, and how long a run is.

    Attributes:
        teacher: the model that all runs start from.
        steps: updates of a run.
        layers: blocks whose states retrieval averages.
    """

    teacher: Path
    steps: int
    layers: tuple[int, ...]

    @property
    def languages(self) -> list[str]:
        """All of them, the hub first."""
        return [HUB, *TATOEBA]

    def text(self, language: str) -> Path:
        """Raw sentences."""
        return self.data / "mono" / f"{language}.txt.gz"

    def aligned(self, language: str) -> Path:
        """Vectors in the space of the hub."""
        return self.work / ("default" if language == HUB else "aligned") / language

    def pairs(self, language: str) -> dict[str, tuple[Path, Path]]:
        """Translated sentences by test set."""
        name = f"tatoeba.{TATOEBA[language]}-eng"
        folder = self.data / "tatoeba"
        found = {"tatoeba": (folder / f"{name}.{TATOEBA[language]}", folder / f"{name}.eng")}
        flores = self.data / "flores200-dev"
        if (flores / f"dev.{language}").exists():
            found["flores"] = (flores / f"dev.{language}", flores / f"dev.{HUB}")
        return found


def make_vectors(bench: PretrainWork) -> None:
    """Distilled from the teacher, and aligned."""
    own = quality_teacher.TeacherWork(bench.data, bench.work, bench.teacher)
    for language in (HUB, *SPOKES):
        quality_teacher.make(own, "default", language)
    vectors = {name: own.vectors("default", name) for name in (HUB, *SPOKES)}
    x2static("align", "hub", "--hub", f"{HUB}={vectors[HUB]}", "--spokes",
             *(f"{name}={vectors[name]}" for name in SPOKES), "--lexicons",
             bench.data / "muse" / "train" / f"{{}}-{HUB}.0-5000.txt", "--output",
             bench.work / "aligned", "--method", "bootstrap", "--choice", "aligned",
             "--resume")  # fmt: skip


def train(bench: PretrainWork, loss: str, seed: int) -> Path:
    """The model after a run with a loss; one that is there must be of the same run."""
    model = bench.work / "models" / f"{loss}-{bench.steps}-{seed}"
    flags = list(LOSSES[loss])
    if loss != "none":
        names = (HUB, *SPOKES)
        flags += ["--vectors", *(f"{name}={bench.aligned(name)}" for name in names)]
    x2static("pretrain", "--model", bench.teacher, *flags, *TRAINING, "--steps", bench.steps,
             "--seed", seed, "--text", *(bench.text(name) for name in bench.languages),
             "--cache-folder", bench.work / "texts", "--output", model, "--resume")  # fmt: skip
    return model


def retrieval(bench: PretrainWork, model: Path, layer: int) -> dict[str, float]:
    """Mean accuracy of both directions, by test set and language."""
    found = {}
    for language in TATOEBA:
        for name, (source, target) in bench.pairs(language).items():
            key = f"{name_with_digest(model)}.{layer}.{language}.{name}"
            answer = bench.work / "scores" / f"{key}.json"
            if not answer.exists():
                config = RetrievalConfig(
                    source=(source,), target=(target,), model=str(model), layer=layer
                )
                text = json.dumps(find_translations(config).data)
                answer.parent.mkdir(parents=True, exist_ok=True)
                answer.write_text(text, encoding="utf-8")
            rows = json.loads(answer.read_text(encoding="utf-8"))["rows"]
            found[f"{name} {language}"] = statistics.mean(row["accuracy"] for row in rows)
    return found


@cache
def name_with_digest(model: Path) -> str:
    """A model's name and eight digits of its weights, settings and tokenizer, for its scores."""
    return f"{model.name}-{model_digest(str(model))[:8]}"


def measure(bench: PretrainWork, name: str, model: Path, seed: int | None) -> dict[str, Any]:
    """All figures of a model."""
    row: dict[str, Any] = {"name": name, "seed": seed, "retrieval": {}}
    for layer in bench.layers:
        row["retrieval"][str(layer)] = retrieval(bench, model, layer)
    if seed is not None:
        row["before"], row["after"] = validations(model)
    return row


def validations(model: Path) -> tuple[float, float]:
    """Masked loss on held-out sentences before the first and after the last update."""
    lines = (model / "curve.jsonl").read_text(encoding="utf-8").splitlines()
    found = [json.loads(line).get("validation") for line in lines]
    losses = [each["mlm"] for each in found if each]
    return losses[0], losses[-1]


def mean_of(row: dict[str, Any], layer: int, test: str) -> float:
    """Mean over the languages of a test set."""
    scores = row["retrieval"][str(layer)]
    return statistics.mean(value for key, value in scores.items() if key.startswith(test))


def spread(values: Sequence[float], digits: int = 1) -> str:
    """Mean and standard deviation."""
    shown = f"{statistics.mean(values):.{digits}f}"
    if len(values) > 1:
        shown += f" ± {statistics.stdev(values):.{digits}f}"
    return shown


def table(bench: PretrainWork, rows: Sequence[dict[str, Any]]) -> str:
    """The rows as Markdown: means over languages, and mean and deviation over seeds."""
    present = {key.split()[0] for row in rows for key in row["retrieval"][str(bench.layers[0])]}
    tests = [name for name in TESTS if name in present]
    head = ["", "seeds"]
    head += [f"{TESTS[test]}, block {n}" for n in bench.layers for test in tests]
    head += ["masked loss", "against MLM alone"]
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    plain = {row["seed"]: row["after"] for row in rows if row["name"] == "none"}
    for name, stated in STATED.items():
        own = [row for row in rows if row["name"] == name]
        if not own:
            continue
        cells = [stated, str(len(own)) if name != "base" else ""]
        for layer in bench.layers:
            for test in tests:
                cells.append(spread([100 * mean_of(row, layer, test) for row in own]))
        losses = [row["after"] for row in own if "after" in row]
        rises = [
            100 * (row["after"] / plain[row["seed"]] - 1) for row in own if row["seed"] in plain
        ]
        if name == "base":
            losses = [row["before"] for row in rows if row["name"] == "none"]
        cells.append(spread(losses, 3) if losses else "")
        cells.append(f"{spread(rises)} %" if rises and name != "none" else "")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def training_parser(description: str) -> argparse.ArgumentParser:
    """Options that say which models are meant."""
    parser = quality_parser(description)
    parser.add_argument("--teacher", type=Path, default=TEACHER)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--seeds", type=int, default=3)
    return parser


def main(argv: Sequence[str]) -> int:
    """Run what is missing and write the table."""
    parser = training_parser(__doc__)
    parser.add_argument("--losses", nargs="*", choices=list(LOSSES), default=list(LOSSES))
    parser.add_argument("--layers", nargs="*", type=int, default=[2, 4], help="for retrieval")
    options = parse(parser, argv)
    layers = tuple(options.layers)
    bench = PretrainWork(options.data, options.work, options.teacher, options.steps, layers)
    make_vectors(bench)
    rows = [measure(bench, "base", bench.teacher, None)]
    for seed in range(1, options.seeds + 1):
        for loss in options.losses:
            rows.append(measure(bench, loss, train(bench, loss, seed), seed))
            print(json.dumps(rows[-1]), flush=True)
    result = {"teacher": bench.teacher.name, "steps": bench.steps, "rows": rows}
    seeds = range(1, options.seeds + 1)
    made = provenance(seeds=seeds, n=f"{bench.steps} updates", repeats=len(seeds))
    write_results(options.output, result, table(bench, rows), made)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
