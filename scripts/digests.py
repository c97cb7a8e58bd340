"""SHA-256 of every output of a fixed list of commands: does a change leave the results alone?

    python scripts/digests.py --work FOLDER --json before.json      on the old code
    python scripts/digests.py --work OTHER --json after.json --compare before.json

``--only NAME ...`` runs the commands whose outputs begin with one of the names (``vectors/de``);
what these need has to be among them. ``--only small`` is a selection that takes some minutes.

The commands read the small real data in the repository (scripts/demo_data, tests/data) and run on
one thread. Run records (times, versions) are left out, and so are durations in JSON and pages.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import hashlib
import io
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"

ROOT = Path(__file__).resolve().parents[1]
DEMO = next(path for path in ROOT.glob("scripts/**/demo_data") if path.is_dir())
DOWNSTREAM = ROOT / "tests" / "data" / "downstream"
LANGUAGES = ("en", "de", "es")
SMALL = (
    "en.txt", "de.txt", "es.txt", "plain.txt", "vectors/", "other/", "aligned/supervised", "hub",
    "retrieval.json", "pretrained/", "tagging.json", "qa.json",
)  # fmt: skip
LOSSES = ("mse", "cosine", "infonce", "dcca", "dgcca", "none")
FORMATS = {
    "word2vec": "de.vec",
    "word2vec-binary": "de.bin",
    "gensim": "de.kv",
    "safetensors": "de.safetensors",
    "static-embedding": "de.static",
}
WITH_PAIRS = (
    "supervised", "semi-supervised", "aaai2018", "acl2017-seed", "emnlp2016", "rcsls", "bootstrap",
    "tuned", "semi-bootstrap",
)  # fmt: skip
WITHOUT = ("identical", "unsupervised", "acl2018", "acl2017")
_SECONDS = re.compile(r'("(?:seconds|wall_s|started|finished|eta)": )[^,}\n]+')


def inputs(work: Path, preset: str | None) -> None:
    """The first lines of the demo's texts, its teacher by a short name, the pipeline's file."""
    for language in LANGUAGES:
        with gzip.open(DEMO / f"{language}.txt.gz", "rt", encoding="utf-8") as stream:
            lines = [next(stream) for _ in range(3000)]
        (work / f"{language}.raw.txt").write_text("".join(lines), encoding="utf-8")
    for name in ("teacher", "de-en.train.txt", "de-en.test.txt", "es-en.train.txt",
                 "es-en.test.txt", "tatoeba.de-en.de", "tatoeba.de-en.en"):  # fmt: skip
        (work / name).symlink_to(DEMO / name)
    for path in DOWNSTREAM.glob("*.[cj]*"):
        (work / path.name).symlink_to(path)
    line = f'preset = "{preset}"' if preset else ""
    (work / "workbench.toml").write_text(_WORKBENCH.replace("PRESET", line), encoding="utf-8")


_WORKBENCH = """
output = "run"
teacher = "teacher"
hub = "en"
corpora = "{}.raw.txt"
lexicons = "{}-en.train.txt"
[languages]
en = {}
de = {}
[evaluate]
bli = "{}-en.test.txt"
retrieval = ["tatoeba.{}-en.{}", "tatoeba.{}-en.en"]
[prepare]
min_sentences = 1
tokenizer = "icu"
lowercase = true
[distill]
min_count = 3
PRESET
[eval_retrieval]
layer = 4
[pretrain]
loss = "mse"
steps = 4
unit = "lines"
block = 64
validate_every = 0
choose = "last"
"""


def commands(preset: str | None) -> Iterator[tuple[str, str]]:
    """Every command with the name its outputs get, in the order in which they need each other.

    Args:
        preset: for distilling, where none is asked for; None: the default.
    """
    prepare = "prepare --min-sentences 1 --lowercase --input"
    for language in LANGUAGES:
        yield (
            f"{language}.txt",
            f"{prepare} {language}.raw.txt --language {language} --tokenizer icu",
        )
    yield "plain.txt", f"{prepare} de.raw.txt --language de --tokenizer whitespace"
    yield "ja.txt", f"{prepare} en.raw.txt --language ja --tokenizer fugashi --min-tokens 2"
    yield "zh.txt", f"{prepare} en.raw.txt --language zh --tokenizer jieba --min-tokens 2"
    distill = "distill --teacher teacher --min-count 3 --corpus"
    for language in LANGUAGES:
        chosen = f" --preset {preset}" if preset else ""
        yield f"vectors/{language}", f"{distill} {language}.txt{chosen}"
    for name, options in {
        "paper": "--preset paper --min-count 3",
        "released": "--preset x2static-released --epochs 1 --min-count 3",
        "aggregate": "--method aggregate",
        "decontextual": "--method decontextual",
    }.items():
        yield f"other/{name}", f"{distill} de.txt {options}"
    sides = "align --source vectors/de --target vectors/en --max-vocabulary 1500"
    for preset in WITH_PAIRS:
        yield f"aligned/{preset}", f"{sides} --preset {preset} --lexicon de-en.train.txt"
    for preset in WITHOUT:
        yield f"aligned/{preset}", f"{sides} --preset {preset} --fast --cutoff 800"
    yield (
        "hub",
        (
            "align hub --hub en=vectors/en --spokes de=vectors/de es=vectors/es "
            "--lexicons {}-en.train.txt --max-vocabulary 1500"
        ),
    )
    yield "bli.json", "eval bli --source vectors/de --target vectors/en --lexicon de-en.test.txt"
    yield "similarity.json", "eval similarity --vectors vectors/en --dataset words.tsv"
    yield (
        "retrieval.json",
        (
            "eval retrieval --source tatoeba.de-en.de --target tatoeba.de-en.en --model teacher "
            "--layer 4"
        ),
    )
    yield (
        "static-retrieval.json",
        (
            "eval retrieval --source tatoeba.de-en.de --target tatoeba.de-en.en "
            "--vectors hub/de vectors/en"
        ),
    )
    pretrain = (
        "pretrain --model teacher --text de.txt en.txt --unit lines --block 48 --steps 10 "
        "--mlm-batch 8 --align-batch 64 --validate-every 5 --validation-sequences 16 "
        "--validation-words 32 --vectors de=hub/de en=vectors/en"
    )
    for loss in LOSSES:
        yield f"pretrained/{loss}", f"{pretrain} --loss {loss}"
    yield (
        "pretrained/scratch",
        (
            "pretrain --from-scratch layers=2,width=32,heads=2,inner=64,vocabulary=400 "
            "--text de.txt en.txt --loss none --block 48 --steps 10 --mlm-batch 8"
        ),
    )
    tagging = "--epochs 1 --seeds 1 --preset small --max-pieces 64 --batch 8"
    yield (
        "tagging.json",
        (f"eval tagging --model teacher --train fi_tdt.conllu --test fi=fi_tdt.conllu {tagging}"),
    )
    yield (
        "qa.json",
        (
            "eval qa --model teacher --train xquad.en.json --test xquad.de.json --epochs 1 "
            "--seeds 1 --preset small --max-pieces 96 --stride 32 --batch 8"
        ),
    )
    for form, name in FORMATS.items():
        yield f"export/{name}", f"export vectors/de --format {form}"
    yield "run", "run workbench.toml"
    yield "report.html", "report run"


def arguments_of(name: str, command: str) -> list[str]:
    """The command with the flags that say where its output goes."""
    words = command.split()
    if words[0] == "eval":
        return [*words, "--json", name]
    if words[0] == "run":
        return words
    if words[:2] == ["align", "--source"]:
        return [*words, "--output-source", f"{name}/de", "--output-target", f"{name}/en"]
    return [*words, "--output", name]


def digests(work: Path) -> dict[str, str]:
    """SHA-256 of every file below the folder that a command wrote."""
    found = {}
    for path in sorted(work.rglob("*")):
        if (
            not path.is_file()
            or path.name.endswith("run.json")
            or (
                path.parent == work
                and (path.is_symlink() or path.name.endswith((".raw.txt", ".toml", ".log")))
            )
        ):
            continue
        inside = path.relative_to(work)
        if any(part.is_symlink() for part in [work / inside.parts[0]]) or inside.suffix == ".log":
            continue
        content = path.read_bytes()
        if path.suffix in (".json", ".jsonl", ".html"):
            text = _SECONDS.sub(r"\1-", content.decode("utf-8", "replace"))
            content = text.replace(str(work), "WORK").encode()
        found[str(inside)] = hashlib.sha256(content).hexdigest()
    return found


def run_all(work: Path, preset: str | None, only: tuple[str, ...]) -> None:
    """Run the list; a command that fails is told at once and leaves no digest."""
    from x2static.cli import main

    words = "\n".join(f"{a}\t{b}\t{i % 7}" for i, (a, b) in enumerate(_PAIRS))
    (work / "words.tsv").write_text(words + "\n", encoding="utf-8")
    for name, command in commands(preset):
        if only and not name.startswith(only):
            continue
        arguments = arguments_of(name, command)
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        errors = io.StringIO()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(errors):
            code = main(arguments)
        last = (errors.getvalue().strip().splitlines() or [""])[-1]
        print(f"{name:28} {'done' if code == 0 else f'exit {code}: {last}'}", flush=True)


_PAIRS = [
    ("man", "woman"), ("day", "night"), ("house", "home"), ("water", "river"), ("king", "queen"),
    ("hand", "head"), ("father", "mother"), ("good", "bad"), ("time", "year"), ("door", "window"),
    ("white", "black"), ("eyes", "face"),
]  # fmt: skip


def main() -> int:
    """Make the outputs, print and keep their digests, compare with those of another tree."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--work", type=Path, required=True, help="an empty folder")
    parser.add_argument("--json", type=Path, help="write the digests")
    parser.add_argument("--distill-preset", help="to compare with a tree of another default")
    parser.add_argument("--compare", type=Path, help="digests of the tree to compare with")
    parser.add_argument("--only", nargs="+", default=[], help="beginnings of outputs' names, small")
    options = parser.parse_args()
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    if any(work.iterdir()):
        parser.error(f"{work} is not empty")
    json_path = options.json.resolve() if options.json else None
    before = json.loads(options.compare.read_text()) if options.compare else None
    inputs(work, options.distill_preset)
    os.chdir(work)
    only = SMALL if options.only == ["small"] else tuple(options.only)
    run_all(work, options.distill_preset, only)
    after = digests(work)
    if json_path:
        json_path.write_text(json.dumps(after, indent=1) + "\n")
    print(f"{len(after)} outputs")
    if before is None:
        return 0
    changed = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    for name in changed:
        kind = "gone" if name not in after else "new" if name not in before else "differs"
        print(f"{kind}: {name}")
    print(f"{len(changed)} of {len(before)} differ")
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
