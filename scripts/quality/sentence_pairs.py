r"""What sentence pairs teach a small encoder: which pairs, drawn how, which objective and pieces.

    export X2STATIC_DATA=...   # folder with mono/, bitext/, tatoeba/, flores200-dev/, muse/, nli/
    .venv/bin/python scripts/quality/sentence_pairs.py --work WORK \
        --output docs/results/quality-pairs

Every cell is an encoder begun at random and trained on text and sentence pairs of eight languages,
for as many updates of as many lines; it differs from its base in one thing. A base learns by masked
guessing on text and pairs (MLM, TLM), on pairs of all languages, sampled by Sinkhorn, in pieces of
VoCAP; one of the two also draws translations to each other. Measured: Tatoeba (with English),
FLORES (with English, and among the others), words by static vectors of the middle block.
Updates and step size were chosen on sentences of XNLI's development set (``--dev`` shows them), on
which no figure stands. WORK keeps finished cells: a stopped run goes on.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import mean
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from scripts.quality.retrieval import development  # noqa: E402
from scripts.quality.sentence_pairs_tables import figures, table  # noqa: E402
from scripts.results import parse, provenance, quality_parser, write_results  # noqa: E402
from scripts.runner import x2static_here  # noqa: E402
from scripts.workspace import Workspace  # noqa: E402

HUB = "en"
LANGUAGES = (HUB, "de", "es", "fi", "fr", "ru", "vi", "zh")
TATOEBA = {"de": "deu", "es": "spa", "fi": "fin", "fr": "fra", "ru": "rus", "vi": "vie",
           "zh": "cmn"}  # fmt: skip
TRANSLATED = ("de", "fr", "ru")  # whose words are looked up
EVERY = 8  # one line of so many is taken from the texts, so that large languages stay large
PIECES, WIDTH, BLOCKS, MIDDLE = 8000, 128, 4, 2
STEPS, RATE = 1500, 2e-3
SENTENCES, MIN_COUNT = 15_000, 3  # distilled from
TOGETHER: tuple[object, ...] = ("--sentence-weight", 1, "--sentence-batch", 64)
MASKED: tuple[object, ...] = ("--mlm-weight", 1, "--tlm-weight", 1)
REPLACED: tuple[object, ...] = (
    "--mlm-weight", 0, "--tlm-weight", 0, "--mrtd-weight", 1, "--trtd-weight", 1,
)  # fmt: skip
BATCH: tuple[object, ...] = tuple(
    part for name in ("mlm", "tlm", "mrtd", "trtd") for part in (f"--{name}-batch", 32)
)
TRAINING: tuple[object, ...] = (
    "--loss", "none", "--unit", "lines", "--block", 96, "--temperature", 2, "--source-limit", 0.5,
    "--warmup", 50, "--choose", "last", "--validate-every", 0, *BATCH,
)  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """One way to train.

    Attributes:
        said: what the table calls it.
        flags: of ``x2static pretrain``.
        vocabulary: ``vocap`` or ``plain``.
    """

    said: str
    flags: tuple[object, ...]
    vocabulary: str = "vocap"


def _kinds(name: str, objective: tuple[object, ...], said: str) -> dict[str, Cell]:
    """The base of an objective, and what differs from it in data."""
    return {
        name: Cell(f"{said}: pairs of all languages, `sinkhorn`, VoCAP", objective),
        f"{name} english": Cell("pairs with English alone",
                                (*objective, "--bitext-sampling", "english")),
        f"{name} m2m": Cell("`m2m` sampling", (*objective, "--bitext-sampling", "m2m")),
        f"{name} plain": Cell("plain unigram vocabulary", objective, "plain"),
    }  # fmt: skip


CELLS: dict[str, Cell] = {
    **_kinds("together", (*MASKED, *TOGETHER), "MLM + TLM + translations drawn together"),
    "together replaced": Cell("MRTD + TRTD in place of MLM + TLM", (*REPLACED, *TOGETHER)),
    "guess": Cell("MLM + TLM alone", MASKED),
    "guess english": Cell("pairs with English alone", (*MASKED, "--bitext-sampling", "english")),
    "guess replaced": Cell("MRTD + TRTD alone", REPLACED),
}
SAID = {name: cell.said for name, cell in CELLS.items()}


@dataclass(frozen=True)
class PairsWork(Workspace):
    """Where things lie, and how long a run is.

    Attributes:
        steps: updates.
        rate: largest step size.
    """

    steps: int
    rate: float

    def text(self, language: str) -> Path:
        """Every eighth line of a language's text."""
        path = self.work / "text" / f"{language}.txt"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            with gzip.open(self.raw(language), "rt", encoding="utf-8") as stream:
                path.write_text("".join(islice(stream, 0, None, EVERY)), encoding="utf-8")
        return path

    @property
    def texts(self) -> list[Path]:
        """Of all languages."""
        return [self.text(language) for language in LANGUAGES]

    @property
    def bitext(self) -> list[Path]:
        """Sentence pairs of all languages, of all sources."""
        found = (self.data / "bitext").glob("*/*.tsv.xz")
        return sorted(path for path in found if path.name.split(".")[0] in LANGUAGES)

    def flags(self, cell: Cell) -> list[str]:
        """All that decides what a cell's model becomes, but for the seed."""
        shape = f"layers={BLOCKS},width={WIDTH}"
        flags = ["--from-scratch", shape, "--learning-rate", self.rate, "--steps", self.steps]
        return list(map(str, [*flags, *TRAINING, *cell.flags, cell.vocabulary]))


def vocabulary(bench: PairsWork, kind: str) -> Path:
    """A tokenizer: VoCAP's, or one unigram model on the same lines."""
    output = bench.work / f"pieces-{kind}"
    if kind == "vocap":
        x2static_here("vocabulary", "--text", *bench.texts, "--size", PIECES, "--output", output,
                      "--no-compare", "--lowercase", "--resume")  # fmt: skip
    elif not output.exists():
        from continued_pretraining.text.unigram import (
            SPECIALS,
            as_hugging_face,
            train_pieces,
            untrained,
        )

        backend = untrained(lowercase=True)
        lines = (line for path in bench.texts for line in path.open(encoding="utf-8"))
        if fault := train_pieces(backend, lines, PIECES - 1, SPECIALS):
            raise SystemExit(f"no plain vocabulary: {fault}")
        as_hugging_face(backend, 512).save_pretrained(output)
    return output


def train(bench: PairsWork, name: str, seed: int) -> Path:
    """The model of a cell; an unfinished run goes on."""
    cell = CELLS[name]
    model = bench.work / "models" / f"{name.replace(' ', '-')}-{bench.steps}-{bench.rate}-{seed}"
    *flags, kind = bench.flags(cell)
    x2static_here("pretrain", *flags, "--tokenizer", vocabulary(bench, kind), "--seed", seed,
                  "--text", *bench.texts, "--bitext", *bench.bitext, "--cache-folder",
                  bench.work / "tokenized", "--output", model, "--resume")  # fmt: skip
    return model


def rows_of(place: Path, *arguments: object) -> list[dict[str, Any]]:
    """The rows of an evaluation."""
    place.unlink(missing_ok=True)
    x2static_here(*arguments, "--json", place)
    rows: list[dict[str, Any]] = json.loads(place.read_text(encoding="utf-8"))["rows"]
    return rows


def found(rows: Iterable[Mapping[str, Any]]) -> float:
    """Mean accuracy."""
    return mean(row["accuracy"] for row in rows)


def retrieval(bench: PairsWork, model: Path, layer: int) -> dict[str, float]:
    """Sentences found, means over languages and both directions."""
    place, folder = bench.work / "answer.json", bench.data / "tatoeba"
    names = [folder / f"tatoeba.{code}-eng" for code in TATOEBA.values()]
    read = ("eval", "retrieval", "--model", model, "--layer", layer)
    sides = [[f"{name}.{kind}" for name, kind in zip(names, kinds, strict=True)]
             for kinds in (TATOEBA.values(), ["eng"] * len(names))]  # fmt: skip
    tatoeba = rows_of(place, *read, "--source", *sides[0], "--target", *sides[1])
    files = [bench.data / "flores200-dev" / f"dev.{name}" for name in LANGUAGES]
    flores = rows_of(place, *read, "--parallel", *files)
    with_hub = [row for row in flores if f"dev.{HUB}" in row["source"] + row["target"]]
    others = [row for row in flores if row not in with_hub]
    return {"tatoeba": found(tatoeba), "flores": found(with_hub), "flores others": found(others)}


def words(bench: PairsWork, model: Path) -> dict[str, Any]:
    """CSLS P@1 of vectors distilled from the middle block, as they come."""
    scores, queries = [], 0
    vectors = {name: bench.work / "vectors" / name for name in (HUB, *TRANSLATED)}
    for name, output in vectors.items():
        corpus = bench.work / "sentences" / f"{name}.txt"
        if not corpus.exists():
            x2static_here("prepare", "--language", name, "--input", bench.raw(name), "--output",
                          corpus, "--tokenizer", "icu", "--rules", "all", "--lowercase",
                          "--workers", 1, "--max-sentences", SENTENCES)  # fmt: skip
        x2static_here("distill", "--corpus", corpus, "--teacher", model, "--output", output,
                      "--method", "aggregate", "--layer", MIDDLE, "--min-count", MIN_COUNT,
                      "--overwrite")  # fmt: skip
    for name in TRANSLATED:
        lexicon = bench.data / "muse" / "test" / f"{name}-{HUB}.5000-6500.txt"
        (row,) = rows_of(bench.work / "answer.json", "eval", "bli", "--source", vectors[name],
                         "--target", vectors[HUB], "--lexicon", lexicon, "--method",
                         "csls")  # fmt: skip
        scores.append(row["p@1_nonidentical"])
        queries += row["queries"]
    return {"words": mean(scores), "queries": queries}


def measure(bench: PairsWork, name: str, seed: int) -> dict[str, Any]:
    """All figures of a cell, from WORK if it was finished with the same settings."""
    place = bench.work / "cells" / f"{name.replace(' ', '-')}-{seed}.json"
    flags = bench.flags(CELLS[name])
    if place.exists():
        kept: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
        if kept["flags"] == flags:
            return kept
    model = train(bench, name, seed)
    record = json.loads((model / "run.json").read_text(encoding="utf-8"))
    row = {
        "cell": name, "seed": seed, "flags": flags, "seconds": record["seconds"],
        "blocks": {str(n): retrieval(bench, model, n) for n in (MIDDLE, BLOCKS)},
        **words(bench, model),
    }  # fmt: skip
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(row, indent=1), encoding="utf-8")
    return row


def on_development(bench: PairsWork, name: str, seed: int) -> dict[str, float]:
    """XNLI's development sentences found by each block, and the losses on held-out lines."""
    model = train(bench, name, seed)
    wanted = development(bench.data, bench.work)
    files = [path for path in wanted if path.suffix[1:] in LANGUAGES]
    result = {}
    for layer in range(BLOCKS + 1):
        rows = rows_of(bench.work / "answer.json", "eval", "retrieval", "--model", model, "--layer",
                       layer, "--parallel", *files)  # fmt: skip
        result[f"block {layer}"] = found(rows)
    lines = (model / "curve.jsonl").read_text(encoding="utf-8").splitlines()
    last = [line["validation"] for line in map(json.loads, lines) if line.get("validation")][-1]
    return result | {key: value for key, value in last.items() if isinstance(value, float)}


def main(argv: Sequence[str]) -> int:
    """Make what is missing, score, write the table after each cell."""
    parser = quality_parser(__doc__)
    parser.add_argument("--cells", nargs="*", choices=list(CELLS), default=list(CELLS))
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1])
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--dev", action="store_true", help="show development scores, no others")
    options = parse(parser, argv)
    bench = PairsWork(options.data, options.work.resolve(), options.steps, options.rate)
    if options.dev:
        for name in options.cells:
            scores = on_development(bench, name, options.seeds[0])
            print(name, bench.steps, bench.rate, json.dumps(scores), flush=True)
        return 0
    rows: list[dict[str, Any]] = []
    for seed in options.seeds:
        for name in options.cells:
            rows.append(measure(bench, name, seed))
            said = (
                f"{bench.steps} updates of each model; FLORES 997 lines, Tatoeba 1,000 a language "
                f"(vi, zh, fi too), {rows[-1]['queries']:,} words"
            )
            made = provenance(seeds=options.seeds, n=said, repeats=1)
            write_results(options.output, rows, table(rows, SAID), made)
            print(name, seed, [round(score, 1) for score in figures(rows[-1])], flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
