"""The whole story on text that lies in the repository; scripts/demo calls it.

Raw text of three languages -> vectors distilled from the small teacher -> translation scores ->
one space -> translation scores -> the space taught to the transformer -> sentence retrieval before
and after -> one page to look at, and word2vec files. scripts/demo.toml holds the settings.
"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
OUTPUT = ROOT / "demo-output"
LANGUAGES = {"de": "German", "es": "Spanish"}


def say(text: str = "") -> None:
    """A line for the person who watches."""
    print(text, flush=True)


def x2static(*arguments: object) -> None:
    """One command, shown as it would be typed."""
    from x2static.cli import main

    words = [str(word) for word in arguments]
    say("\n$ x2static " + " ".join(word.replace(f"{ROOT}/", "") for word in words))
    code = main(words)
    if code:
        say("files of an earlier demo may be in the way: scripts/demo --fresh starts over")
        raise SystemExit(code)


def rows(score: str, language: str) -> list[dict[str, Any]]:
    """What an evaluation found."""
    path = OUTPUT / "scores" / score / f"{language}.json"
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["rows"]
    return found


def translation(when: str, language: str) -> float:
    """Share of test words whose translation comes first."""
    best = [row["p@1"] for row in rows(f"bli.{when}", language) if row["method"] == "csls"]
    return 100 * best[0]


def retrieval(when: str, language: str) -> float:
    """Share of sentences whose translation is nearest, mean of both directions."""
    found = [row["accuracy"] for row in rows(f"retrieval.{when}", language)]
    return 100 * statistics.mean(found)


def print_results() -> None:
    """What came out, and where it lies."""
    say("\n" + " " * 22 + "words translated right (%)    sentences found (%)")
    say(" " * 22 + "unaligned      aligned        teacher   aligned teacher")
    for code, name in LANGUAGES.items():
        say(
            f"{name + '-English':<20}{translation('before', code):>11.1f}"
            f"{translation('after', code):>13.1f}{retrieval('before', code):>15.1f}"
            f"{retrieval('after', code):>18.1f}"
        )
    say("\nlook at:")
    for name, what in {
        "report.html": "the run on one page",
        "export": "aligned vectors in word2vec format",
        "aligned": "the same, native format",
        "model": "the transformer after alignment, a Hugging Face folder",
    }.items():
        say(f"  {(OUTPUT / name).relative_to(ROOT)}: {what}")
    say("and: .venv/bin/x2static explore demo-output")


def main() -> int:
    """Run it all; finished parts of an earlier demo are kept, ``--fresh`` starts over."""
    if "--fresh" in sys.argv[1:]:
        shutil.rmtree(OUTPUT, ignore_errors=True)
    began = time.monotonic()
    x2static("run", HERE / "demo.toml")
    x2static("neighbors", OUTPUT / "aligned" / "en", "mother", "water", "--top", 5,
             "--vectors-in", OUTPUT / "aligned" / "de")  # fmt: skip
    x2static("report", OUTPUT)
    print_results()
    say(f"\nall in {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
