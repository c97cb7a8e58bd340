"""The main job from end to end on text that lies in the repository; scripts/demo calls it.

raw text -> prepare -> distill -> neighbors and export, for Esperanto and Catalan (both CC0). No
real teacher lies in the repository yet, so a tiny one is made on the spot: see demo_teacher.py.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
OUTPUT = ROOT / "demo-output"
LANGUAGES = {
    "eo": ("Esperanto", ("lingvo", "tago", "patro", "urbo")),
    "ca": ("Catalan", ("aigua", "dia", "pare", "ciutat")),
}


def say(text: str = "") -> None:
    """A line for the person who watches."""
    print(text, flush=True)


def x2static(*arguments: object) -> None:
    """One command, shown as it would be typed."""
    from x2static.cli import main

    words = [str(word) for word in arguments]
    shown = [word.replace(f"{ROOT}/", "") for word in words]
    say(f"\n$ x2static {' '.join(shown)}")
    code = main(words)
    if code:
        say("files of an earlier demo may be in the way: scripts/demo --fresh starts over")
        raise SystemExit(code)


def prepare_all() -> None:
    """Raw text to sentences."""
    for language in LANGUAGES:
        target = OUTPUT / f"{language}.sentences.txt"
        if target.exists():
            say(f"{target.relative_to(ROOT)} is there already")
            continue
        x2static("prepare", "--language", language, "--input",
                 HERE / "demo_data" / f"{language}.txt.gz", "--output", target,
                 "--min-sentences", 1, "--min-tokens", 4)  # fmt: skip


def build_teacher() -> Path:
    """The stand-in teacher."""
    from x2static.core.corpus import iter_sentences

    folder = OUTPUT / "stand-in-teacher"
    if folder.exists():
        say("the stand-in teacher is there already")
        return folder
    say(
        "\nNo pre-trained teacher lies in the repository yet. This makes a tiny stand-in on the\n"
        "spot (4 blocks, 128 wide, some minutes of training): enough to see the machinery work,\n"
        "NOT enough to judge the vectors. With a network, pass --teacher xlm-roberta-base instead."
    )
    sys.path.insert(0, str(HERE))
    from demo_teacher import make_teacher

    paths = [OUTPUT / f"{language}.sentences.txt" for language in LANGUAGES]
    make_teacher(folder, [line for path in paths for line in iter_sentences(path)])
    return folder


def distill_all(teacher: Path) -> list[dict[str, Any]]:
    """Sentences to vectors; returns a row of facts for each language."""
    rows = []
    for language, (name, words) in LANGUAGES.items():
        vectors = OUTPUT / "vectors" / language
        x2static("distill", "--corpus", OUTPUT / f"{language}.sentences.txt", "--teacher", teacher,
                 "--output", vectors, "--case", "text", "--resume")  # fmt: skip
        x2static("neighbors", vectors, *words, "--top", 5)
        exported = OUTPUT / f"{language}.vec"
        x2static("export", vectors, "--format", "word2vec", "--output", exported, "--overwrite")
        record = json.loads((vectors / "run.json").read_text(encoding="utf-8"))
        rows.append({
            "language": name, "sentences": record["counts"]["sentences"],
            "tokens": record["counts"]["tokens"], "words": record["counts"]["vocabulary"],
            "width": record["resolved"]["width"], "seconds": record["seconds"],
        })  # fmt: skip
    return rows


def print_table(rows: list[dict[str, Any]]) -> None:
    """What came out."""
    say("\nlanguage     sentences    tokens    words  width  distilled in")
    for row in rows:
        say(
            f"{row['language']:<12} {row['sentences']:>9,} {row['tokens']:>9,} {row['words']:>8,} "
            f"{row['width']:>6} {row['seconds']:>11.1f} s"
        )
    say("\nfiles to look at:")
    for path in sorted(OUTPUT.iterdir()):
        if path.is_file():
            say(f"  {path.relative_to(ROOT)}  ({path.stat().st_size / 1e6:.1f} MB)")
    for language in LANGUAGES:
        say(f"  demo-output/vectors/{language}/  (native format, with its run record run.json)")


def main() -> int:
    """Run it all; finished parts of an earlier demo are kept, ``--fresh`` starts over."""
    if "--fresh" in sys.argv[1:]:
        shutil.rmtree(OUTPUT, ignore_errors=True)
    began = time.monotonic()
    OUTPUT.mkdir(exist_ok=True)
    prepare_all()
    rows = distill_all(build_teacher())
    print_table(rows)
    say(f"\nall in {time.monotonic() - began:.0f} s; the vectors come from a tiny stand-in teacher")
    return 0


if __name__ == "__main__":
    sys.exit(main())
