"""What pre-training with alignment losses does to zero-shot tasks: tagging before and after.

    export X2STATIC_DATA=...   # folder with pos/ and ner/ beside what quality_pretrain.py needs
    .venv/bin/python scripts/quality/tasks.py --work WORK --output docs/results/quality-tasks

The models are those of scripts/quality/pretrain.py in the same WORK (run it first, with the same
``--steps`` and ``--seeds``). Each is fine-tuned on English with the recipe ``small`` and tested on
all languages; the spread is over the pre-training seeds, and for the teacher as it is over as many
seeds of fine-tuning. Every score is kept beside the digits of its model: a stopped run goes on.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from scripts.quality.pretrain import LOSSES, STATED, name_with_digest, spread, training_parser  # noqa: E402
from scripts.results import parse, provenance, write_results  # noqa: E402
from scripts.runner import x2static  # noqa: E402


@dataclass(frozen=True)
class Task:
    """What is fine-tuned on and tested.

    Attributes:
        stated: the table's words for it.
        metric: the score shown.
        train: file below the data folder.
        test: file by language.
        flags: of ``x2static eval tagging``.
    """

    stated: str
    metric: str
    train: str
    test: dict[str, str]
    flags: tuple[object, ...]


TASKS = {
    "pos": Task(
        "parts of speech (UD), accuracy",
        "accuracy",
        "pos/en_partut-ud-train.conllu",
        {"en": "pos/en_partut-ud-test.conllu", "fi": "pos/fi_tdt-ud-test.conllu"},
        ("--on-unseen", "count", "--max-train", 1000, "--max-test", 300),
    ),
    "entities": Task(
        "entities (PAN-X), F1",
        "f1",
        "ner/panx-train-en.tsv.gz",
        {name: f"ner/panx-dev-{name}.tsv.gz" for name in ("en", "de", "fr", "es", "eu", "fi")},
        ("--max-train", 2000, "--max-test", 300),
    ),
}


def examine(task: str, data: Path, work: Path, model: Path, seed: int) -> dict[str, float]:
    """A model's score by language, fine-tuned with a seed."""
    about = TASKS[task]
    answer = work / "tasks" / f"{name_with_digest(model)}.{task}.{seed}.json"
    if not answer.exists():
        test = [f"{name}={data / place}" for name, place in about.test.items()]
        answer.parent.mkdir(parents=True, exist_ok=True)
        x2static("eval", "tagging", "--model", model, "--train", data / about.train, "--test",
                 *test, "--preset", "small", "--seeds", 1, "--seed", seed, *about.flags, "--json",
                 answer)  # fmt: skip
    rows = json.loads(answer.read_text(encoding="utf-8"))["rows"]
    return {row["language"]: row[about.metric]["mean"] for row in rows}


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as Markdown: mean and deviation over the seeds."""
    head = ["", "seeds"]
    for name in dict.fromkeys(row["task"] for row in rows):
        head += [f"{TASKS[name].stated}, {language}" for language in TASKS[name].test]
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    for name, stated in STATED.items():
        own = [row for row in rows if row["name"] == name]
        if not own:
            continue
        cells = [stated, str(len({row["seed"] for row in own}))]
        for task in dict.fromkeys(row["task"] for row in rows):
            for language in TASKS[task].test:
                scores = [100 * row["scores"][language] for row in own if row["task"] == task]
                cells.append(spread(scores) if scores else "")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str]) -> int:
    """Fine-tune what is missing and write the table."""
    parser = training_parser(__doc__)
    parser.add_argument("--tasks", nargs="*", choices=list(TASKS), default=list(TASKS))
    options = parse(parser, argv)
    rows = []
    for task in options.tasks:
        for seed in range(1, options.seeds + 1):
            for name in ("base", *LOSSES):
                model = options.work / "models" / f"{name}-{options.steps}-{seed}"
                if name == "base":
                    model = options.teacher
                elif not model.exists():
                    raise SystemExit(f"{model} is missing: run scripts/quality/pretrain.py first")
                scores = examine(task, options.data, options.work, model, seed)
                rows.append({"name": name, "seed": seed, "task": task, "scores": scores})
                print(json.dumps(rows[-1]), flush=True)
        seeds = range(1, options.seeds + 1)
        made = provenance(seeds=seeds, n=f"{options.steps} updates", repeats=len(seeds))
        write_results(options.output, {"steps": options.steps, "rows": rows}, table(rows), made)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
