"""Groups of languages against random groups and all languages, after equal pre-training.

    export X2STATIC_DATA=...   # folder with mono/, ntrex/ and flores200-dev/
    .venv/bin/python scripts/quality/groups.py --work WORK --output docs/results/quality-groups

The teacher's means of the same sentences in eight languages (NTREX) are clustered; from the same
teacher a model goes on for each group, for each random group of the same sizes (drawn anew for
every seed) and for all languages together, by masked language modelling for as many updates each.
Retrieval on the first 500 sentences of FLORES's development set, both directions, at the block that
the teacher's card names: of each language with English, which no model trains on, and of the pairs
within a group, where of two random models the mean counts. Finished models and scores are kept in
WORK: a stopped run goes on.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from scripts.quality.pretrain import name_with_digest  # noqa: E402
from scripts.results import parse, provenance, quality_parser, write_results  # noqa: E402
from scripts.runner import x2static  # noqa: E402
from scripts.workspace import Workspace  # noqa: E402
from x2static.languages.cluster.stability import random_groups  # noqa: E402

TEACHER = ROOT / "scripts" / "demo_data" / "teacher-41"
LANGUAGES = ("ca", "es", "et", "fi", "pl", "pt", "ru", "uk")
GROUPS, LAYER, HUB, SENTENCES = 3, 2, "en", 500
KINDS = ("group", "random", "all")
Groups = list[list[str]]
Pair = tuple[str, str]


@dataclass(frozen=True)
class GroupsWork(Workspace):
    """What all parts share.

    Attributes:
        teacher: the model that goes on.
        steps: updates of each model.
        batch: lines in an update.
        rate: largest step size.
    """

    teacher: Path
    steps: int
    batch: int
    rate: float

    def groups(self) -> Groups:
        """Languages that the teacher represents alike."""
        output = self.work / "groups"
        texts = [f"{code}={self.data / 'ntrex' / f'ntrex.{code}'}" for code in LANGUAGES]
        means = self.work / "means"
        x2static("languages", "represent", "--model", self.teacher, "--text", *texts, "--layer",
                 LAYER, "--pool", "mean", "--max-sentences", 1000, "--max-pieces", 128, "--output",
                 means, "--resume")  # fmt: skip
        if not output.exists():
            x2static("languages", "cluster", "--representations", means, "--groups",
                     GROUPS, "--output", output)  # fmt: skip
        data = json.loads((output / "groups.json").read_text(encoding="utf-8"))
        return [list(group["languages"]) for group in data["groups"]]

    def train(self, groups: Groups, seed: int) -> dict[str, Groups]:
        """All models of a seed; the languages of each, by kind of model."""
        drawn = drawn_groups(groups, seed)
        place = self.work / f"groups-{seed}.json"
        content = {
            "groups": _named("group", groups),
            "random": [_named("random-1", drawn)],
        }
        place.write_text(json.dumps(content), encoding="utf-8")
        x2static("pretrain", "--groups", place, "--controls", "random", "all", "--model",
                 self.teacher, "--text", *self.texts(LANGUAGES), "--loss", "none", "--unit",
                 "lines", "--block", 64, "--mlm-batch", self.batch, "--learning-rate", self.rate,
                 "--warmup", self.steps // 10, "--steps", self.steps, "--choose", "last",
                 "--validate-every", 0, "--validation-sequences", 64, "--seed", seed,
                 "--cache-folder", self.work / "texts", "--output", self.models(seed),
                 "--resume")  # fmt: skip
        return {"group": groups, "random": drawn, "all": [list(LANGUAGES)]}

    def models(self, seed: int) -> Path:
        """The folder of a seed's models."""
        return self.work / "models" / str(seed)

    def retrieval(self, model: Path, languages: Sequence[str]) -> dict[Pair, float]:
        """Accuracy of every two of the languages and English, mean of both directions."""
        answer = self.work / "scores" / f"{name_with_digest(model)}.{'-'.join(languages)}.json"
        if not answer.exists():
            answer.parent.mkdir(parents=True, exist_ok=True)
            files = [self.test(code) for code in (*languages, HUB)]
            x2static("eval", "retrieval", "--model", model, "--layer", LAYER, "--parallel", *files,
                     "--json", answer)  # fmt: skip
        found: dict[Pair, list[float]] = {}
        for row in json.loads(answer.read_text(encoding="utf-8"))["rows"]:
            first, second = sorted(Path(row[side]).suffix[1:] for side in ("source", "target"))
            found.setdefault((first, second), []).append(row["accuracy"])
        return {pair: statistics.mean(values) for pair, values in found.items()}

    def test(self, code: str) -> Path:
        """Sentences to find."""
        path = self.work / "flores" / f"dev.{code}"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            whole = (self.data / f"flores200-dev/dev.{code}").read_text(encoding="utf-8")
            path.write_text("\n".join(whole.split("\n")[:SENTENCES]) + "\n", encoding="utf-8")
        return path

    def measure(self, groups: Groups, seed: int) -> dict[str, dict[str, float]]:
        """Accuracy of each pair, ``first-second``, by kind of model."""
        found = {}
        for kind, some in self.train(groups, seed).items():
            scored = []
            for number, languages in enumerate(some, 1):
                name = {"group": f"group-{number}", "random": f"random-1-{number}"}.get(kind, kind)
                scores = self.retrieval(self.models(seed) / name, _needed(languages, groups))
                scored.append((languages, scores))
            found[kind] = {
                "-".join(pair): statistics.mean(
                    scores[pair] for languages, scores in scored if set(pair) & set(languages)
                )
                for pair in pairs_of(groups)
            }
        return found


def drawn_groups(groups: Groups, seed: int) -> Groups:
    """Random groups of the same sizes."""
    labels = random_groups([len(group) for group in groups], len(LANGUAGES), seed)
    return [
        [code for code, label in zip(LANGUAGES, labels, strict=True) if label == number]
        for number in range(len(groups))
    ]


def pairs_of(groups: Groups) -> list[Pair]:
    """Every language with English, and every two of a group."""
    with_hub = [(code, HUB) for group in groups for code in group]
    within = [pair for group in groups for pair in combinations(group, 2)]
    found = [sorted(pair) for pair in (*with_hub, *within)]
    return [(first, second) for first, second in found]


def differences(
    rows: Sequence[dict[str, Any]], kind: str, control: str, english: bool
) -> tuple[float, float, float, list[float]]:
    """Mean difference in points, its interval over pairs, and the mean of each seed."""
    names = [name for name in rows[0]["scores"][kind] if (HUB in name.split("-")) == english]
    gaps = np.array(
        [
            [100 * (row["scores"][kind][name] - row["scores"][control][name]) for name in names]
            for row in rows
        ]
    )
    by_pair = gaps.mean(axis=0)
    rng = np.random.default_rng(0)
    means = by_pair[rng.integers(len(names), size=(2000, len(names)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(by_pair.mean()), float(low), float(high), gaps.mean(axis=1).tolist()


def table(rows: Sequence[dict[str, Any]], base: dict[str, float], groups: Groups) -> str:
    """Accuracy by kind of model, and how far the groups are ahead."""
    lines = [f"Groups: {'; '.join(' '.join(group) for group in groups)}.", "",
             "| models | with English | within a group |", "|---|---:|---:|"]  # fmt: skip
    stated = {"group": "one for each group", "random": "one for each random group",
              "all": "one for all languages"}  # fmt: skip
    lines.append(f"| the teacher as it is | {_mean(base, True):.2f} | {_mean(base, False):.2f} |")
    for kind in KINDS:
        cells = []
        for english in (True, False):
            values = [_mean(row["scores"][kind], english) for row in rows]
            cells.append(f"{statistics.mean(values):.2f}" + _spread(values))
        lines.append(f"| {stated[kind]} | {cells[0]} | {cells[1]} |")
    lines += ["", "| groups less | pairs | points [95 % over pairs] | of each seed |",
              "|---|---|---:|---:|"]  # fmt: skip
    for control in ("random", "all"):
        for english, pairs in ((True, "with English"), (False, "within a group")):
            mean, low, high, seeds = differences(rows, "group", control, english)
            each = ", ".join(f"{value:+.2f}" for value in seeds)
            lines.append(
                f"| {stated[control]} | {pairs} | {mean:+.2f} [{low:+.2f}, {high:+.2f}] | {each} |"
            )
    return "\n".join(lines) + "\n"


def _mean(scores: dict[str, float], english: bool) -> float:
    some = [value for name, value in scores.items() if (HUB in name.split("-")) == english]
    return 100 * statistics.mean(some)


def _spread(values: Sequence[float]) -> str:
    return f" ± {statistics.stdev(values):.2f}" if len(values) > 1 else ""


def _needed(languages: Sequence[str], groups: Groups) -> list[str]:
    """The languages that a model is asked about: its own, and those grouped with them."""
    return sorted({code for group in groups if set(group) & set(languages) for code in group})


def _named(name: str, groups: Groups) -> list[dict[str, Any]]:
    return [
        {"name": f"{name}-{number}", "pivot": group[0], "languages": group}
        for number, group in enumerate(groups, 1)
    ]


def main(argv: Sequence[str]) -> int:
    """Train and score what is missing, write the table."""
    parser = quality_parser(__doc__)
    parser.add_argument("--teacher", type=Path, default=TEACHER)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=5e-4)
    parser.add_argument("--seeds", type=int, default=3)
    options = parse(parser, argv)
    bench = GroupsWork(options.data, options.work, options.teacher, options.steps, options.batch,
                       options.rate)  # fmt: skip
    groups = bench.groups()
    whole = bench.retrieval(bench.teacher, LANGUAGES)
    base = {"-".join(pair): whole[pair] for pair in pairs_of(groups)}
    seeds = range(1, options.seeds + 1)
    rows = [{"seed": seed, "scores": bench.measure(groups, seed)} for seed in seeds]
    result = {"steps": bench.steps, "batch": bench.batch, "rate": bench.rate, "groups": groups,
              "base": base, "rows": rows}  # fmt: skip
    n = f"{bench.steps} updates of {bench.batch} lines; {SENTENCES} sentences of FLORES"
    made = provenance(seeds=seeds, n=n, repeats=len(seeds))
    write_results(options.output, result, table(rows, base, groups), made)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
