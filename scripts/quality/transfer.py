"""Transfer between languages, and what foretells it: inference (XNLI) and entities (PAN-X).

    export X2STATIC_DATA=...   # folder with nli/, ner/, mono/, muse/, lexicons-*/
    .venv/bin/python scripts/quality/transfer.py --work WORK --output docs/results/quality-transfer

Inference: a linear classifier on the frozen teacher's states, learned from four fifths of the
premises of XNLI's development set in each of 15 languages and tested on a third of the test set in
all of them (scripts/quality/transfer_probe.py). Entities: the teacher is fine-tuned with the recipe
``small`` on the first 1,000 training sentences of each of PAN-X's languages that the data folder
has, and tested on 500 in all of them. The matrices are correlated with all distances, as they are
and with the means of each source and target taken off (what is left cannot come from a language
that is easy or hard by itself); ``languages recommend`` is tried on each target left out. What is
finished is kept in WORK: a stopped run goes on, and more ``--seeds`` add to what is there.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from scripts.quality.transfer_probe import (  # noqa: E402
    chosen_strength,
    encoded,
    read_pairs,
    thinned,
    transfer_rows,
)
from scripts.quality.transfer_scores import (  # noqa: E402
    PANX,
    TASKS,
    XNLI,
    reliability,
    write_scores,
)
from scripts.quality.transfer_tables import tables  # noqa: E402
from scripts.results import parse, provenance, quality_parser, write_results  # noqa: E402
from scripts.runner import x2static  # noqa: E402
from scripts.workspace import Workspace  # noqa: E402
from x2static.teacher import load_teacher  # noqa: E402
from x2static.teacher.sentences import SentenceEncoder  # noqa: E402

TEACHER = ROOT / "scripts" / "demo_data" / "teacher-41"
BLOCK = 2  # the one to read, by the teacher's card
CHOSEN_ON = ("en", "zh")
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
        seeds: of each source, by task.
    """

    teacher: Path
    seeds: dict[str, int]

    def measure(self, name: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """A row for each source and target with the score of every seed; how it was chosen."""
        folder = self.work / name
        folder.mkdir(parents=True, exist_ok=True)
        return self._inference(folder) if name == "inference" else (self._entities(folder), {})

    def _entities(self, folder: Path) -> list[dict[str, Any]]:
        """One seed of all sources after the other, so that a stopped run has whole matrices."""
        for seeds in range(1, self.seeds["entities"] + 1):
            for source in PANX:
                x2static("eval", "tagging", "--model", self.teacher, "--train",
                         self.data / f"ner/panx-train-{source}.tsv.gz", "--train-language", source,
                         "--test", self.data / "ner/panx-dev-*.tsv.gz", "--max-train", 1000,
                         "--max-test", 500, "--preset", "small", "--precision", "bf16", "--seeds",
                         seeds, "--output", folder / source, "--json", folder / f"{source}.json",
                         "--resume")  # fmt: skip
        found = [(source, _rows(folder / f"{source}.json")) for source in PANX]
        return [{"source": source, **row} for source, rows in found for row in rows]

    def _inference(self, folder: Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """The strength is chosen on development pairs left out, before a test pair is looked at."""
        data, states = self.data / "nli", folder / "states"
        train = {}
        for code in XNLI:
            pairs = read_pairs(data / f"xnli.dev-{code}.tsv.gz")
            train[code] = encoded(lambda: self._encoder, pairs, states / f"{code}.train.npz")
        strength, tried = chosen_strength([train[code] for code in CHOSEN_ON])
        labels = _lines(data / "xnli.test_labels.txt.gz")
        test = {}
        for code in XNLI:
            pairs = thinned(read_pairs(data / f"xnli.test-{code}.tsv.gz", labels), 3)
            test[code] = encoded(lambda: self._encoder, pairs, states / f"{code}.test.npz")
        rows = transfer_rows(train, test, self.seeds["inference"], strength, folder / "cells")
        return rows, {"strength": strength, "tried": tried, "chosen on": CHOSEN_ON}

    @cached_property
    def _encoder(self) -> SentenceEncoder:
        teacher = load_teacher(str(self.teacher), BLOCK, "cpu", "fp32")
        return SentenceEncoder(teacher, specials=False, max_pieces=128, batch_pieces=4096)

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
    parser.add_argument("--seeds", type=int, nargs=2, default=[5, 3], help="one for each task")
    parser.add_argument("--tasks", nargs="*", choices=list(TASKS), default=list(TASKS))
    options = parse(parser, argv)
    seeds = dict(zip(TASKS, options.seeds, strict=True))
    bench = TransferWork(options.data, options.work, options.teacher, seeds)
    found: dict[str, Any] = {}
    for name in options.tasks:
        task, (rows, choice) = TASKS[name], bench.measure(name)
        found[name] = {
            "metric": task.metric,
            "sources": task.sources,
            "targets": task.targets,
            "n": rows[0][task.items],
            "items": task.items,
            "choice": choice,
            "rows": rows,
            "reliability": reliability(rows, task),
            **bench.analyse(name, rows),
        }
    most = max(seeds[name] for name in found)
    sizes = [f"{len(f['sources'])} x {len(f['targets'])} languages of {name}, {f['n']} {f['items']}"
             for name, f in found.items()]  # fmt: skip
    made = provenance(seeds=range(most), n="; ".join(sizes), repeats=most)
    write_results(options.output, {"teacher": bench.teacher.name, "tasks": found},
                  tables(found), made)  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
