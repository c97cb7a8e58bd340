"""Alignment losses at several widths: retrieval at the aligned and at the middle block.

    export X2STATIC_DATA=...   # folder with mono/, muse/, tatoeba/, flores200-dev/
    .venv/bin/python scripts/quality/widths.py --work WORK --output docs/results/quality-widths

The teacher in the repository is 256 wide; models of other widths are made here, untrained blocks on
the teacher's tokenizer, embeddings from its distilled vectors, and a short pre-training on the same
text. Each then goes on for a few updates with each recipe, under several seeds. The last block is
aligned. Test: Tatoeba, and the first 500 lines of FLORES; ``--dev`` scores lines 501 to 997
instead, by which constants were chosen. Each cell is kept in WORK with its seed, commit and
machine: a stopped run resumes, a finished cell is skipped.
"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from continued_pretraining.config import PretrainConfig  # noqa: E402
from continued_pretraining.stage import pretrain  # noqa: E402
from eval.retrieval.score import score_retrieval  # noqa: E402
from scripts.machine import describe_machine  # noqa: E402
from scripts.quality.pretrain import PretrainWork as Vectors  # noqa: E402
from scripts.quality.pretrain import make_vectors, spread, validations  # noqa: E402
from scripts.results import parse, provenance, quality_parser, write_results  # noqa: E402
from scripts.train_demo_teacher import OUTPUT as TEACHER  # noqa: E402
from scripts.workspace import Workspace  # noqa: E402
from x2static.core.storage.run_record import git_commit  # noqa: E402
from x2static.core.text.bitext import read_sentences  # noqa: E402
from x2static.teacher import load_teacher  # noqa: E402
from x2static.teacher.sentences import SentenceEncoder  # noqa: E402

LANGUAGES = ("en", "de", "fr", "es")
TESTED = {"de": "deu"}
BLOCKS = {256: (2, 4)}  # the middle one and the last; two blocks where not named
AS_BEFORE: dict[str, Any] = {"memory": 0, "weight_scale": "loss", "word_sampling": "uniform"}
RELEASED: dict[str, Any] = AS_BEFORE | {"pool": "all", "weight": 1.0}
RECIPES: dict[str, dict[str, Any]] = {
    "none": {"loss": "none"},
    "mse": {"loss": "mse"},
    "infonce": {"loss": "infonce"},
    "dgcca": {"loss": "dgcca"},
    "dcca": {"loss": "dcca"},
    "dcca as before": AS_BEFORE | {"loss": "dcca", "ridge": 1e-2, "weight": 0.1},
    "dgcca as before": AS_BEFORE | {"loss": "dgcca", "weight": 10.0},
    "dgcca as released": RELEASED
    | {"loss": "dgcca", "memory": None, "repeat_faults": ("padding", "centring", "batches")},
    "mse as released": RELEASED
    | {"loss": "mse", "target_scale": "unit", "repeat_faults": ("padding",)},
}
TRAINING: dict[str, Any] = {
    "unit": "lines", "block": 64, "temperature": 2.0, "choose": "last", "validate_every": 0,
    "validation_sequences": 100, "validation_words": 512, "max_words": 20_000, "log_every": 10,
    "precision": "fp32",
}  # fmt: skip


@dataclass(frozen=True)
class WidthsWork(Workspace):
    """Where things lie, and how long a run is.

    Attributes:
        steps: updates of a run.
        batch: words in an update.
        lines: lines of text in an update.
        rate: largest step size.
        dev: score what constants are chosen by.
    """

    steps: int
    batch: int
    lines: int
    rate: float
    dev: bool

    @property
    def texts(self) -> tuple[str, ...]:
        """Text of each language."""
        return tuple(f"{name}={self.data / 'mono' / f'{name}.txt.gz'}" for name in LANGUAGES)

    @property
    def vectors(self) -> tuple[str, ...]:
        """Vectors of each language in the space of English."""
        places = {name: self.work / "aligned" / name for name in LANGUAGES[1:]}
        return tuple(f"{n}={p}" for n, p in ({"en": self.work / "default" / "en"} | places).items())

    @property
    def about(self) -> dict[str, float]:
        """What all cells of a work folder share."""
        return {"words": self.batch, "lines": self.lines, "rate": self.rate}

    def claim(self) -> None:
        """Bind the work folder to these settings.

        Raises:
            SystemExit: its cells were made with others.
        """
        path = self.work / "widths" / "about.json"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(self.about), encoding="utf-8")
        found = json.loads(path.read_text(encoding="utf-8"))
        if found != self.about:
            raise SystemExit(
                f"{path}: cells made with {found}, not {self.about}; take another WORK"
            )

    def cell(self, width: int, recipe: str, seed: int, changed: dict[str, Any]) -> Path:
        """Where the figures of a cell are kept."""
        kind = "dev" if self.dev else "test"
        name = f"{kind}-{width}-{recipe.replace(' ', '_')}{suffix_of(changed)}-{self.steps}-{seed}"
        return self.work / "widths" / f"{name}.json"

    def pairs(self) -> dict[str, tuple[list[str], list[str]]]:
        """Sentences and their translations by test and language."""
        found = {}
        for name, code in TESTED.items():
            flores = [
                read_sentences(self.data / "flores200-dev" / f"dev.{n}") for n in (name, "en")
            ]
            half = slice(500, None) if self.dev else slice(500)
            found[f"flores {name}"] = (flores[0][half], flores[1][half])
            if not self.dev:
                place = self.data / "tatoeba" / f"tatoeba.{code}-eng"
                sides = (Path(f"{place}.{code}"), Path(f"{place}.eng"))
                found[f"tatoeba {name}"] = (read_sentences(sides[0]), read_sentences(sides[1]))
        return found


def suffix_of(changed: dict[str, Any]) -> str:
    """What sets a recipe with changed settings apart."""
    return "".join(f"-{name}={value}" for name, value in changed.items())


def start(bench: WidthsWork, width: int, steps: int) -> Path:
    """The model that all recipes of a width begin with."""
    if width == 256:
        return TEACHER
    output = bench.work / f"base-{width}"
    if not output.exists():
        pretrain(PretrainConfig(
            text=bench.texts, output=output, resume=True, loss="none", steps=steps, seed=1,
            from_scratch=f"layers=2,width={width},inner=768,positions=258",
            tokenizer=str(TEACHER), embeddings_from=bench.vectors, mask_rate=0.2,
            learning_rate=1e-3, warmup=steps // 8, weight_decay=0.01, betas=(0.9, 0.98),
            mlm_batch=bench.lines, cache_folder=bench.work / "texts", **TRAINING,
        ))  # fmt: skip
    return output


def accuracies(bench: WidthsWork, model: Path, block: int) -> dict[str, float]:
    """Mean accuracy of both directions at a block, by test and language."""
    teacher = load_teacher(str(model), block, "cpu", "fp32")
    encoder = SentenceEncoder(teacher, specials=False, max_pieces=128, batch_pieces=4096)
    found = {}
    for name, (source, target) in bench.pairs().items():
        x, z = encoder.encode(source), encoder.encode(target)
        sides = [score_retrieval(*pair).as_row()["accuracy"] for pair in ((x, z), (z, x))]
        found[name] = statistics.mean(sides)
    return found


def cell(
    bench: WidthsWork, width: int, recipe: str, seed: int, begin: Path, changed: dict[str, Any]
) -> dict[str, Any]:
    """All figures of a recipe and a seed; a finished one is read back."""
    extra = suffix_of(changed)
    answer = bench.cell(width, recipe, seed, changed)
    if answer.exists():
        row: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
        return row
    began, model = time.process_time(), begin
    row = {"width": width, "name": recipe + extra, "seed": seed, "commit": git_commit()}
    if recipe != "base":
        model = bench.work / "models" / answer.stem
        settings = TRAINING | RECIPES[recipe] | changed
        aligned = settings["loss"] != "none"
        pretrain(PretrainConfig(
            text=bench.texts, vectors=bench.vectors if aligned else (), model=str(begin),
            output=model, resume=True, steps=bench.steps, seed=seed, mlm_batch=bench.lines,
            align_batch=bench.batch, learning_rate=bench.rate, warmup=bench.steps // 10,
            cache_folder=bench.work / "texts", **settings,
        ))  # fmt: skip
        row["before"], row["after"] = validations(model)
        curve = (model / "curve.jsonl").read_text(encoding="utf-8")
        row["curve"] = [json.loads(line) for line in curve.splitlines()]
    blocks = BLOCKS.get(width, (1, 2))
    row["retrieval"] = {str(block): accuracies(bench, model, block) for block in blocks}
    row["cpu_seconds"] = round(time.process_time() - began, 1)
    row["machine"] = describe_machine()
    if model != begin:
        shutil.rmtree(model)
    answer.parent.mkdir(parents=True, exist_ok=True)
    answer.write_text(json.dumps(row), encoding="utf-8")
    return row


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as Markdown: means over languages, mean and deviation over seeds."""
    tests = list(dict.fromkeys(key.split()[0] for row in rows for key in row["retrieval"]["2"]))
    head = ["width", "recipe", "seeds"]
    head += [f"{test}, {where} block" for where in ("middle", "last") for test in tests]
    head += ["masked loss", "above chance"]
    lines = ["| " + " | ".join(head) + " |", "|---:|---|" + "---:|" * (len(head) - 2)]
    for width, name in dict.fromkeys((row["width"], row["name"]) for row in rows):
        own = [row for row in rows if (row["width"], row["name"]) == (width, name)]
        cells = [str(width), name, str(len(own)) if name != "base" else ""]
        for place, test in product((0, 1), tests):
            scores = [list(row["retrieval"].values())[place] for row in own]
            means = [
                100 * statistics.mean(v for k, v in s.items() if k.startswith(test)) for s in scores
            ]
            cells.append(spread(means))
        cells.append(spread([row["after"] for row in own], 3) if "after" in own[0] else "")
        above = [
            row["curve"][-1]["validation"].get("above_chance") for row in own if "curve" in row
        ]
        cells.append(spread([100 * x for x in above], 0) if above and above[0] is not None else "")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str]) -> int:
    """Run what is missing and write the table."""
    parser = quality_parser(__doc__)
    parser.add_argument("--widths", nargs="*", type=int, default=[256, 384, 768])
    parser.add_argument("--recipes", nargs="*", choices=list(RECIPES), default=list(RECIPES))
    parser.add_argument("--seeds", nargs="*", type=int, default=[1, 2, 3])
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--start-steps", type=int, default=100, help="of the models made here")
    parser.add_argument("--align-batch", type=int, default=256)
    parser.add_argument("--mlm-batch", type=int, default=16)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--dev", action="store_true", help="lines 501 to 997 of FLORES alone")
    parser.add_argument("--finished", action="store_true", help="make the table of what is there")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="numbers to try")
    options = parse(parser, argv)
    bench = WidthsWork(
        options.data,
        options.work,
        options.steps,
        options.align_batch,
        options.mlm_batch,
        options.learning_rate,
        options.dev,
    )
    if not all((options.work / "aligned" / name).exists() for name in LANGUAGES[1:]):
        make_vectors(Vectors(options.data, options.work, TEACHER, 0, ()))
    bench.claim()
    changed = {n: json.loads(v) for n, v in (text.split("=") for text in options.set)}
    rows = []
    for width in options.widths:
        begin = start(bench, width, options.start_steps)
        rows.append(cell(bench, width, "base", 0, begin, {}))
        for recipe, seed in product(options.recipes, options.seeds):
            if options.finished and not bench.cell(width, recipe, seed, changed).exists():
                continue
            rows.append(cell(bench, width, recipe, seed, begin, changed))
            print(json.dumps({k: v for k, v in rows[-1].items() if k != "curve"}), flush=True)
    result = {"steps": bench.steps, **bench.about, "rows": rows}
    lines = f"{options.steps} updates, {bench.lines} lines"
    made = provenance(seeds=options.seeds, n=lines, repeats=len(options.seeds))
    write_results(options.output, result, table(rows), made)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
