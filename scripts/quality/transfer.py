"""Transfer between languages, and what foretells it: inference (XNLI) and entities (PAN-X).

    export X2STATIC_DATA=...   # folder with nli/, ner/, mono/, muse/, lexicons-*/
    .venv/bin/python scripts/quality/transfer.py --work WORK --output docs/results/quality-transfer

A model is fine-tuned on each source language with the recipe ``small``, on XNLI's 2,490
development pairs or on the first 2,000 training sentences of PAN-X, and tested in every language:
on a third of XNLI's test set, on 1,000 sentences of PAN-X.
The matrices are correlated with all distances, as they are and with the means of each source and
target taken off (what is left cannot come from a language that is easy or hard by itself);
``languages recommend`` is tried on each target left out. A finished fine-tuning and test is kept in
WORK: a stopped run goes on, and more ``--seeds`` add to what is there.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from scripts.quality.transfer_scores import (  # noqa: E402
    PANX,
    SOURCES,
    TASKS,
    XNLI,
    reliability,
    write_scores,
)
from scripts.quality.transfer_tables import tables  # noqa: E402
from scripts.results import parse, provenance, quality_parser, write_results  # noqa: E402
from scripts.runner import x2static  # noqa: E402
from scripts.workspace import Workspace  # noqa: E402

TEACHER = ROOT / "scripts" / "demo_data" / "teacher-41"
KINDS = ("syntactic", "inventory", "phonological", "genetic", "geographic", "lexical", "script",
         "pieces")  # fmt: skip
STATES = ("2.mean.centred", "4.mean.centred", "4.cls.raw", "4.cls.centred")
FROM_ENGLISH = ("muse/train/en-{}.0-5000.txt", "lexicons-cc-by-sa/en-{}.txt",
                "lexicons-cc-by-sa/en-{}.inverted.txt", "lexicons-cldr/en-{}.tsv")  # fmt: skip
INTO_ENGLISH = "muse/train/{}-en.0-5000.txt"


@dataclass(frozen=True)
class TransferWork(Workspace):
    """What all parts share.

    Attributes:
        teacher: the model that is fine-tuned.
        seeds: fine-tunings of each source.
        precision: of the products in fine-tuning.
    """

    teacher: Path
    seeds: int
    precision: str

    def common(self, seeds: int) -> list[object]:
        """Flags of every fine-tuning."""
        return ["--model", self.teacher, "--preset", "small", "--seeds", seeds, "--precision",
                self.precision, "--resume"]  # fmt: skip

    def fine_tune(self, name: str) -> list[dict[str, Any]]:
        """A row for each source and target, with the score of every seed."""
        folder = self.work / name
        folder.mkdir(parents=True, exist_ok=True)
        if name == "inference":
            return self._inference(folder)
        rows = []
        for source in TASKS[name].sources:
            answer = folder / f"{source}.json"
            x2static("eval", "tagging", "--train", self.data / f"ner/panx-train-{source}.tsv.gz",
                     "--test", self.data / "ner/panx-dev-*.tsv.gz", "--train-language", source,
                     "--max-train", 2000, "--max-test", 1000, *self.common(self.seeds), "--output",
                     folder / source, "--json", answer)  # fmt: skip
            rows += [{"source": source, **row} for row in _rows(answer)]
        return rows

    def _inference(self, folder: Path) -> list[dict[str, Any]]:
        """One seed of all sources after the other, so that a stopped run has whole matrices."""
        answer, tests = folder / "rows.json", self.inference_tests()
        for seeds in range(1, self.seeds + 1):
            x2static("eval", "nli", "--train", self.data / "nli/xnli.dev-{}.tsv.gz", "--sources",
                     *SOURCES, "--test", *tests, *self.common(seeds), "--output", folder / "runs",
                     "--json", answer)  # fmt: skip
        return _rows(answer)

    def inference_tests(self) -> list[str]:
        """Every third premise of XNLI's test set with its three hypotheses, by language."""
        labels = _lines(self.data / "nli/xnli.test_labels.txt.gz")
        places = []
        for code in XNLI:
            path = self.work / "tests" / f"{code}.tsv"
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                pairs = zip(_lines(self.data / f"nli/xnli.test-{code}.tsv.gz"), labels, strict=True)
                some = [row for place, row in enumerate(pairs) if place // 3 % 3 == 0]
                text = "".join(f"{pair}\t{label}\n" for pair, label in some)
                path.write_text(text, encoding="utf-8")
            places.append(f"{code}={path}")
        return places

    def texts(self, name: str) -> list[str]:
        """Text of each target: the same development sentences for inference, or ``mono/``."""
        if name == "entities":
            return [f"{code}={self.raw(code)}" for code in PANX]
        places = []
        for code in XNLI:
            path = self.work / "texts" / f"{code}.txt"
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                lines = _lines(self.data / f"nli/xnli.dev-{code}.tsv.gz")
                found = dict.fromkeys(cell for line in lines for cell in line.split("\t")[:2])
                path.write_text("".join(f"{one}\n" for one in found), encoding="utf-8")
            places.append(f"{code}={path}")
        return places

    def word_lists(self, name: str) -> str:
        """Dictionaries into English, one file for each target; the pattern that names them."""
        folder = self.work / "words"
        folder.mkdir(parents=True, exist_ok=True)
        for code in TASKS[name].targets:
            pairs = list(self._words(code)) or [("-", "-")]  # none of Thai
            text = "".join(f"{word}\t{meaning}\n" for word, meaning in pairs)
            (folder / f"{code}.txt").write_text(text, encoding="utf-8")
        return str(folder / "{}.txt")

    def _words(self, code: str) -> Iterator[tuple[str, str]]:
        if code == "en":
            some = [path for other in XNLI for path in self._dictionaries(other)]
            meanings = dict.fromkeys(cells[0] for path in some for cells in _pairs(path))
            yield from ((meaning, meaning) for meaning in meanings)
            return
        into = self.data / INTO_ENGLISH.format(code)
        if into.exists():
            yield from ((word, meaning) for word, meaning in _pairs(into))
        for path in self._dictionaries(code):
            yield from ((word, meaning) for meaning, word in _pairs(path))

    def _dictionaries(self, code: str) -> list[Path]:
        places = [self.data / pattern.format(code) for pattern in FROM_ENGLISH]
        return [path for path in places if path.exists()]

    def distances(self, name: str) -> Path:
        """All distances between the targets."""
        means, table = self.work / name / "means", self.work / name / "distances.tsv"
        texts = self.texts(name)
        x2static("languages", "represent", "--model", self.teacher, "--text", *texts, "--layer", 2,
                 4, "--pool", "cls", "mean", "--max-sentences", 2000, "--max-pieces", 128,
                 "--output", means, "--resume")  # fmt: skip
        x2static("languages", "distance", "--languages", *TASKS[name].targets, "--kind", *KINDS,
                 "representation", "--representations", means, "--word-lists",
                 self.word_lists(name), "--model", self.teacher, "--text", *texts, "--output",
                 table, "--overwrite")  # fmt: skip
        return table

    def analyse(self, name: str, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Correlations with every distance, and how well sources are recommended."""
        table, scores = self.distances(name), self.work / name / "scores.tsv"
        write_scores(scores, TASKS[name], rows)
        output = self.work / name / "analysis"
        x2static("languages", "analyse", "--distances", table, "--scores", scores, "--kinds",
                 *KINDS, *(f"representation.{state}" for state in STATES), "--output", output,
                 "--overwrite")  # fmt: skip
        found = json.loads((output / "analysis.json").read_text(encoding="utf-8"))
        recommended = {}
        for stated, flags in (("URIEL's five", ()), ("all", ("--distances", table))):
            done = x2static("languages", "recommend", "--target", TASKS[name].targets[0],
                            "--scores", scores, "--score", "score", *flags, "--json")  # fmt: skip
            about = json.loads(done.stdout)
            recommended[stated] = {key: about[key] for key in ("weights", "left_out", "targets")}
        return {"correlations": found["scores"], "recommend": recommended}


def _pairs(path: Path) -> Iterator[tuple[str, str]]:
    for line in path.read_text(encoding="utf-8").split("\n"):
        cells = line.split("\t")
        if len(cells) > 1 and cells[0].strip() and cells[1].strip():
            yield cells[0].strip(), cells[1].strip()


def _lines(path: Path) -> list[str]:
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        return [line.rstrip("\n") for line in stream]


def _rows(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["rows"]
    return found


def main(argv: Sequence[str]) -> int:
    """Fine-tune what is missing, analyse, write the tables."""
    parser = quality_parser(__doc__)
    parser.add_argument("--teacher", type=Path, default=TEACHER)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--tasks", nargs="*", choices=list(TASKS), default=list(TASKS))
    parser.add_argument("--precision", default="bf16")
    options = parse(parser, argv)
    bench = TransferWork(
        options.data, options.work, options.teacher, options.seeds, options.precision
    )
    found: dict[str, Any] = {}
    for name in options.tasks:
        task, rows = TASKS[name], bench.fine_tune(name)
        found[name] = {
            "metric": task.metric,
            "sources": task.sources,
            "targets": task.targets,
            "n": rows[0][task.items],
            "items": task.items,
            "rows": rows,
            "reliability": reliability(rows, task),
            **bench.analyse(name, rows),
        }
    sizes = [f"{len(f['sources'])} x {len(f['targets'])} languages of {name}, {f['n']} {f['items']}"
             for name, f in found.items()]  # fmt: skip
    made = provenance(seeds=range(options.seeds), n="; ".join(sizes), repeats=options.seeds)
    write_results(options.output, {"teacher": bench.teacher.name, "tasks": found},
                  tables(found), made)  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
