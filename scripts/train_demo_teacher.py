"""The small teacher of the demo and the tests, made from text alone by ``x2static pretrain``.

    export X2STATIC_DATA=...   # folder with mono/
    scripts/train-demo-teacher --work WORK

Four steps, each kept in WORK, so that a stopped run goes on:

1. sentences of each language (``x2static prepare``);
2. skip-gram vectors of each (gensim), and all of them in the space of English by the words that two
   languages spell alike: no dictionary is used, for the teacher is to be judged by dictionaries;
3. a masked language model of XLM-R's architecture that begins with these vectors as embeddings;
4. the model in float16 with tokenizer, model card and learning curve, in OUTPUT.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scripts.sgns import num_tokens, train_skip_gram  # noqa: E402

LANGUAGES = ("en", "de", "fr", "es", "eu")
HUB = "en"
OUTPUT = ROOT / "scripts" / "demo_data" / "teacher"
SKIP_GRAM: dict[str, Any] = {
    "vector_size": 256,
    "sg": 1,
    "window": 5,
    "negative": 5,
    "sample": 1e-4,
    "min_count": 5,
    "workers": 1,
    "seed": 1,
}
WORDS_READ = 20_000_000  # by skip-gram, in each language
TRAINING = (
    "--from-scratch", "layers=4,width=256,vocabulary=12000,positions=256", "--lowercase",
    "--loss", "none", "--unit", "lines", "--block", 64, "--mlm-batch", 64, "--mask-rate", 0.2,
    "--temperature", 2, "--learning-rate", 1e-3, "--warmup", 1000, "--weight-decay", 0.01,
    "--betas", 0.9, 0.98, "--validate-every", 1000, "--choose", "mlm", "--log-every", 50,
    "--seed", 1,
)  # fmt: skip
STEPS = 19_000


def x2static(*arguments: object) -> None:
    """One of our commands."""
    command = [sys.executable, "-m", "x2static", *map(str, arguments)]
    code = subprocess.run(command, cwd=ROOT).returncode
    if code:
        raise SystemExit(code)


def prepare(data: Path, work: Path, language: str) -> Path:
    """Tokenized sentences in lower case."""
    sentences = work / "sentences" / f"{language}.txt"
    if not sentences.exists():
        x2static("prepare", "--language", language, "--input", text_of(data, language),
                 "--output", sentences, "--tokenizer", "icu", "--rules", "all", "--lowercase",
                 "--workers", 1)  # fmt: skip
    return sentences


def text_of(data: Path, language: str) -> Path:
    """Raw text of a language."""
    return data / "mono" / f"{language}.txt.gz"


def start_vectors(data: Path, work: Path) -> dict[str, Path]:
    """Skip-gram vectors of all languages in one space, that of the hub."""
    for language in LANGUAGES:
        sentences, vectors = prepare(data, work, language), work / "skip-gram" / language
        if not vectors.exists():
            epochs = max(5, WORDS_READ // num_tokens(sentences))
            print(f"skip-gram {language}: {epochs} epochs", flush=True)
            train_skip_gram(sentences, vectors, epochs, SKIP_GRAM)
    folder = work / "aligned"
    spokes = [f"{name}={work / 'skip-gram' / name}" for name in LANGUAGES if name != HUB]
    x2static("align", "hub", "--hub", f"{HUB}={work / 'skip-gram' / HUB}", "--spokes", *spokes,
             "--seeds", "identical", "--method", "orthogonal", "--fast", "--cutoff", 6000,
             "--resume", "--output", folder)  # fmt: skip
    mapped = {name: folder / name for name in LANGUAGES if name != HUB}
    return {HUB: work / "skip-gram" / HUB} | mapped


def train(data: Path, work: Path, vectors: dict[str, Path], steps: int) -> Path:
    """The masked language model."""
    model = work / "model"
    x2static("pretrain", *TRAINING, "--steps", steps, "--text",
             *(text_of(data, language) for language in LANGUAGES), "--embeddings-from",
             *(f"{name}={path}" for name, path in vectors.items()), "--cache-folder",
             work / "texts", "--output", model, "--resume")  # fmt: skip
    return model


def ship(model: Path, output: Path) -> None:
    """Half-precision weights, tokenizer, card and curve."""
    import torch
    from transformers import AutoModelForMaskedLM, AutoTokenizer

    from x2static.core.storage.files import staged
    from x2static.core.storage.run_record import read_record

    record = read_record(model)
    if record is None:
        raise SystemExit(f"error: {model} has no run record")
    with staged(output) as folder:
        loaded = AutoModelForMaskedLM.from_pretrained(model)
        loaded.to(torch.float16).save_pretrained(folder)
        AutoTokenizer.from_pretrained(model).save_pretrained(folder)
        shutil.copy(model / "curve.jsonl", folder / "curve.jsonl")
        (folder / "README.md").write_text(card(record, model), encoding="utf-8")
    size = sum(path.stat().st_size for path in output.iterdir()) / 1e6
    print(f"wrote {output} ({size:.1f} MB)")


SOURCES = """\
| text | languages | licence |
|---|---|---|
| Common Voice sentences | en de fr es eu | CC0 1.0 |
| ELTeC novels (19th century) | en de fr es | public domain, markup CC BY 4.0 |
| Wikipedia, as in PAN-X | en de fr es eu | CC BY-SA 3.0 |
| Wikipedia, as in TyDi QA's training part | en | CC BY-SA 3.0 |
"""


def card(record: dict[str, Any], model: Path) -> str:
    """The model card, from the record and the curve of the run that made the model."""
    curve = [json.loads(line) for line in (model / "curve.jsonl").read_text().splitlines()]
    checks = [(each["step"], each["validation"]["mlm"]) for each in curve if "validation" in each]
    chosen = record["chosen"]["validation"]["by_language"]
    shown = [checks[0], *checks[1 :: max(1, len(checks) // 8)], checks[-1]]
    loss_rows = "\n".join(f"| {step:,} | {loss:.3f} |" for step, loss in dict.fromkeys(shown))
    own = ", ".join(f"{name} {loss:.2f}" for name, loss in chosen.items())
    sequences = ", ".join(f"{n} {size:,}" for n, size in record["counts"]["sequences"].items())
    words = " ".join(map(str, [*TRAINING, "--steps", record["counts"]["updates"]]))
    flags = textwrap.fill(words, 76, break_on_hyphens=False).replace("\n", " \\\n        ")
    size, pieces = record["resolved"]["parameters"] / 1e6, record["counts"]["pieces_seen"]
    hours = record["training_seconds"] / 3600
    return f"""---
license: cc-by-sa-3.0
language: [{", ".join(LANGUAGES)}]
---

# The demo's teacher

A masked language model of XLM-R's architecture, small enough to lie in a repository and to train on
a processor: 4 blocks, 256 wide, 12,000 unigram pieces in lower case, {size:.1f} million parameters
in float16. It serves the demo, the tests and experiments on a small scale. It is no substitute for
XLM-R: it has seen little text, of old novels, short read-aloud sentences and some Wikipedia.

## Text

Sequences of up to 64 pieces, a line each where lines are not longer: {sequences}.

{SOURCES}
## Training

`scripts/train-demo-teacher` makes it again: skip-gram vectors of each language (256 wide), brought
into the space of English by the words that two languages spell alike, become the embeddings that
the model begins with; then masked language modelling,

    x2static pretrain {flags}

{record["counts"]["updates"]:,} updates over {pieces / 1e6:.1f} million pieces in {hours:.1f} hours
on one thread of a processor with bf16 units, seed {record["settings"]["seed"]}. No dictionary
and no translated text was used. `curve.jsonl` is its learning curve.

| updates | masked loss on held-out lines |
|---:|---:|
{loss_rows}

By language at the chosen update: {own}.

## What it is good for

[Measured](../../../docs/results/demo-teacher.md) against skip-gram vectors of the same text.
"""


def main(argv: Sequence[str]) -> int:
    """Make the teacher, or go on making it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("X2STATIC_DATA"))
    parser.add_argument("--work", type=Path, required=True, help="where parts are kept")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--steps", type=int, default=STEPS)
    options = parser.parse_args(argv)
    if options.data is None:
        parser.error("say where the text lies: --data FOLDER or X2STATIC_DATA")
    vectors = start_vectors(options.data, options.work)
    ship(train(options.data, options.work, vectors, options.steps), options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
