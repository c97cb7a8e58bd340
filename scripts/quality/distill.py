"""Every way of distilling on every kind of teacher: translation and word similarity.

    export X2STATIC_DATA=...   # folder with mono/, muse/, wordsim/
    .venv/bin/python scripts/quality/distill.py --work WORK --output docs/results/quality-distill

Teachers: the two masked language models in the repository, the first of them with random weights as
a control, and the sentence encoder of quality_english.py. All methods of a teacher have one
vocabulary and read one layer, but for `x2static-released`, which reads the last. Translation is
MUSE's test dictionary, CSLS P@1, as the vectors come and after the plain supervised VecMap;
similarity is Spearman's correlation. A cell is a method on a teacher, a number of sentences and a
seed (each seed has its own draws and its own part of the text); WORK keeps finished cells, so that
a killed run can be started again; --add keeps the rows of an earlier table.
"""

from __future__ import annotations

import functools
import itertools
import json
import math
import shutil
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from scripts.quality import english as quality_english  # noqa: E402
from scripts.quality.distill_methods import FLAT, LAYERS, METHODS, RIDGE, STATED  # noqa: E402
from scripts.quality.distill_tables import (  # noqa: E402
    merged,
    provenance_of,
    spread_table,
    table,
)
from scripts.quality.teacher import HUB, SETS, SPOKES  # noqa: E402
from scripts.results import parse, quality_parser, write_results  # noqa: E402
from scripts.runner import x2static_here  # noqa: E402
from scripts.train_demo_teacher import OUTPUT as BOX  # noqa: E402
from scripts.workspace import Workspace  # noqa: E402

MIN_COUNT = 5
SAMPLE = 100_000  # smaller corpora are the beginning of it


@dataclass(frozen=True)
class DistillWork(Workspace):
    """One teacher and one size of corpus.

    Attributes:
        teacher: name of the teacher.
        sentences: of each language.
        seed: of the draws; it also says which part of the text is read.
    """

    teacher: str
    sentences: int
    seed: int = 0

    @property
    def folder(self) -> Path:
        """What belongs to this teacher and size."""
        return self.work / f"{self.teacher}-{self.sentences}{self.mark}"

    @property
    def mark(self) -> str:
        """What sets files of another seed apart."""
        return f"-seed{self.seed}" if self.seed else ""

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that the teacher has seen."""
        return (HUB,) if self.teacher == "minilm" else (HUB, *SPOKES)

    def vectors(self, method: str, language: str) -> Path:
        """A method's vectors of a language."""
        return self.folder / method / language


def answer_of(path: Path, *arguments: object) -> list[dict[str, Any]]:
    """The rows of an evaluation."""
    path.unlink(missing_ok=True)
    x2static_here(*arguments, "--json", path)
    rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["rows"]
    return rows


def prepare(bench: DistillWork, language: str) -> Path:
    """Sentences of a language in lower case: one sample, of which each seed has its own part."""
    end = bench.sentences * (bench.seed + 1)
    path = bench.work / "sentences" / f"{language}-{bench.sentences}{bench.mark}.txt"
    if path.exists():
        return path
    size = max(end, SAMPLE)
    whole = path.with_name(f"{language}-{size}.txt")
    if not whole.exists():
        x2static_here("prepare", "--language", language, "--input",
                 bench.data / "mono" / f"{language}.txt.gz", "--output", whole, "--tokenizer",
                 "icu", "--rules", "all", "--lowercase", "--workers", 1, "--max-sentences",
                 size)  # fmt: skip
    if path != whole:
        with whole.open(encoding="utf-8") as stream:
            lines = list(itertools.islice(filter(str.strip, stream), end - bench.sentences, end))
        path.write_text("".join(lines), encoding="utf-8")
    return path


@functools.cache
def get_teacher(work: Path, name: str, seed: int) -> Path:
    """The folder of a teacher; the random one is made, with the seed."""
    if name == "box":
        return Path(BOX)
    if name == "languages-41":
        return BOX.with_name("teacher-41")
    if name == "minilm":
        return quality_english.get_teacher(work)
    folder = work / (f"random-seed{seed}" if seed else "random")
    if not folder.exists():
        import torch
        from transformers import AutoConfig, AutoModelForMaskedLM

        from x2static.core.storage.files import staged

        torch.manual_seed(seed)
        with staged(folder) as temporary:
            AutoModelForMaskedLM.from_config(AutoConfig.from_pretrained(BOX)).save_pretrained(
                temporary
            )
            for file in ("tokenizer.json", "tokenizer_config.json"):
                shutil.copy(BOX / file, temporary / file)
    return folder


def make(bench: DistillWork, method: str, language: str) -> None:
    """A method's vectors of a language; the program itself knows a finished run again."""
    flags = [*METHODS[method][1]]
    if "x2static-released" not in flags:
        flags += ["--layer", LAYERS[bench.teacher]]
    if method != "decontextual":
        flags += ["--cache", "on", "--cache-folder", bench.work / "readings"]
    teacher = get_teacher(bench.work, bench.teacher, bench.seed)
    x2static_here("distill", "--corpus", prepare(bench, language), "--teacher", teacher,
             "--output", bench.vectors(method, language), "--min-count", MIN_COUNT, "--seed",
             bench.seed, "--resume", *flags)  # fmt: skip


def translation(bench: DistillWork, method: str, language: str) -> dict[str, Any]:
    """CSLS P@1 as the vectors come and after alignment; queries and their share."""
    source, target = (bench.vectors(method, name) for name in (language, HUB))
    mapped, muse = bench.folder / f"{method}.mapped", bench.data / "muse"
    x2static_here("align", "--preset", "supervised", "--source", source, "--target", target,
             "--lexicon", muse / "train" / f"{language}-{HUB}.0-5000.txt", "--output-source",
             mapped / language, "--output-target", mapped / HUB, "--overwrite",
             *(RIDGE if method in FLAT or bench.teacher in FLAT else ()))  # fmt: skip
    figures: dict[str, Any] = {}
    for name, sides in (("before", (source, target)), ("after", (mapped / language, mapped / HUB))):
        (row,) = answer_of(
            bench.folder / f"{method}.answer.json", "eval", "bli",
            "--source", sides[0], "--target", sides[1], "--method", "csls",
            "--lexicon", muse / "test" / f"{language}-{HUB}.5000-6500.txt",
        )  # fmt: skip
        margin = 1.96 * math.sqrt(row["p@1"] * (1 - row["p@1"]) / row["queries"])
        figures |= {name: row["p@1"], f"{name} margin": margin}
    return figures | {"queries": row["queries"], "coverage": row["coverage"]}


def similarity(bench: DistillWork, method: str, language: str) -> dict[str, Any]:
    """Mean Spearman correlation over a language's sets, with half a 95 % interval."""
    sets = quality_english.SETS.values() if language == HUB else SETS[language]
    rows = answer_of(
        bench.folder / f"{method}.answer.json", "eval", "similarity", "--vectors",
        bench.vectors(method, language), "--phrases", "skip",
        "--dataset", *(bench.data / "wordsim" / name for name in sets),
    )  # fmt: skip
    found = [(row["spearman"] or 0.0, max(4, row["covered"])) for row in rows]
    errors = [(1 - rho**2) * 1.03 / math.sqrt(pairs - 3) for rho, pairs in found]
    return {
        "spearman": statistics.mean(rho for rho, _ in found),
        "margin": 1.96 * math.sqrt(sum(error**2 for error in errors)) / len(errors),
        "pairs": sum(pairs for _, pairs in found),
        "coverage": statistics.mean(row["coverage"] for row in rows),
        "sets": {row["dataset"]: row["spearman"] for row in rows},
    }


def measure(bench: DistillWork, method: str) -> dict[str, Any]:
    """All figures of a cell, from WORK if it was finished with the same settings."""
    cell = bench.folder / f"{method}.json"
    flags = list(map(str, METHODS[method][1]))
    if cell.exists():
        kept: dict[str, Any] = json.loads(cell.read_text(encoding="utf-8"))
        if kept["flags"] == flags:
            return kept
    for language in bench.languages:
        make(bench, method, language)
    spokes = [name for name in bench.languages if name != HUB]
    result = {
        "teacher": bench.teacher, "sentences": bench.sentences, "seed": bench.seed,
        "method": method, "flags": flags,
        "bli": {name: translation(bench, method, name) for name in spokes},
        "similarity": {name: similarity(bench, method, name) for name in bench.languages},
        "words": len_of(bench.vectors(method, HUB)),
        "learned": learned(bench.vectors(method, HUB)),
    }  # fmt: skip
    cell.write_text(json.dumps(result, indent=1), encoding="utf-8")
    return result


def len_of(vectors: Path) -> int:
    """Words of the hub's vectors."""
    counts = json.loads((vectors / "run.json").read_text(encoding="utf-8"))["counts"]
    return int(counts["vocabulary"])


def learned(vectors: Path) -> dict[str, Any]:
    """Epochs and held-out losses of trained vectors, and how any of them took their seconds."""
    record = json.loads((vectors / "run.json").read_text(encoding="utf-8"))
    passes = record["counts"]["passes"].get("learning", {})
    names = ("held_out_losses", "best_epoch")
    return {name: passes[name] for name in names if name in passes} | {"seconds": record["seconds"]}


def main(argv: Sequence[str]) -> int:
    """Make what is missing, score, write the table after each cell."""
    parser = quality_parser(__doc__)
    parser.add_argument("--teachers", nargs="*", choices=list(STATED), default=list(STATED))
    parser.add_argument("--sentences", nargs="*", type=int, default=[25_000, 100_000])
    parser.add_argument("--methods", nargs="*", choices=list(METHODS), default=list(METHODS))
    parser.add_argument("--seeds", nargs="*", type=int, default=[0], help="several: their spread")
    parser.add_argument("--add", action="store_true", help="keep the other rows of --output")
    options = parse(parser, argv)
    rows: list[dict[str, Any]] = []
    earlier = options.output.with_name(options.output.name + ".json")
    if options.add:
        rows = merged(earlier, [])
    shown = spread_table if len(options.seeds) > 1 else table
    work = options.work.resolve()
    for sentences, teacher, seed in itertools.product(
        options.sentences, options.teachers, options.seeds
    ):
        bench = DistillWork(options.data, work, teacher, sentences, seed)
        for method in options.methods:
            new = measure(bench, method)
            others = [row for row in rows if cell_of(row) != cell_of(new)]
            rows = merged(Path("absent"), [*others, new])
            write_results(options.output, rows, shown(rows), provenance_of(rows))
            print(f"{teacher} {sentences} {seed} {method}", flush=True)
    print(shown(rows))
    return 0


def cell_of(row: Mapping[str, Any]) -> tuple[str, int, str, int]:
    """Which cell of the whole a row is."""
    return row["teacher"], row["sentences"], row["method"], row.get("seed", 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
