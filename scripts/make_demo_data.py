"""The demo's text, dictionaries and translated sentences, cut from the data folder.

    .venv/bin/python scripts/make_demo_data.py --data DATA   # mono/, lexicons-cc-by-sa/, tatoeba/

Everything it writes lies in scripts/demo_data and in the repository; run it to see where the files
come from, not to use the demo.
"""

from __future__ import annotations

import argparse
import gzip
import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

HERE = Path(__file__).resolve().parent
OUTPUT = HERE / "demo_data"
LANGUAGES = ("en", "de", "es")
HUB = "en"
TATOEBA = {"de": "deu", "es": "spa"}
SENTENCES = 30_000
SEEN = 5  # a word of the dictionaries is seen so often in the demo's text, on both sides
TEST_SHARE = 4  # of so many source words, one is for the test


def lines_of(path: Path) -> Iterator[str]:
    """The first lines of a text."""
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        yield from islice(stream, SENTENCES)


def write_text(data: Path, language: str) -> Counter[str]:
    """A language's sentences; how often each word was seen."""
    lines = list(lines_of(data / "mono" / f"{language}.txt.gz"))
    path = OUTPUT / f"{language}.txt.gz"
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        packed.write("".join(lines).encode("utf-8"))
    words = (word.strip(".,;:!?«»\"'()-–„“”¿¡").lower() for line in lines for word in line.split())
    return Counter(words)


def write_lexicons(data: Path, language: str, source: Counter[str], target: Counter[str]) -> None:
    """Wiktionary's pairs turned round, of words that the text has: to learn from and to test on."""
    pairs: dict[str, list[str]] = {}
    path = data / "lexicons-cc-by-sa" / f"{HUB}-{language}.txt"
    for line in path.read_text(encoding="utf-8").splitlines():
        hub, _, word = line.lower().partition("\t")
        if min(source[word], target[hub]) >= SEEN and hub not in pairs.setdefault(word, []):
            pairs[word].append(hub)
    ranked = sorted((word for word in pairs if pairs[word]), key=lambda word: (-source[word], word))
    for part in ("train", "test"):
        chosen = [w for n, w in enumerate(ranked) if (n % TEST_SHARE == 0) == (part == "test")]
        text = "".join(f"{word}\t{hub}\n" for word in chosen for hub in pairs[word])
        (OUTPUT / f"{language}-{HUB}.{part}.txt").write_text(text, encoding="utf-8")


def main(argv: Sequence[str]) -> int:
    """Write all files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("X2STATIC_DATA"))
    data = parser.parse_args(argv).data
    if data is None:
        parser.error("say where the data lies: --data FOLDER or X2STATIC_DATA")
    counts = {language: write_text(Path(data), language) for language in LANGUAGES}
    for language, code in TATOEBA.items():
        write_lexicons(Path(data), language, counts[language], counts[HUB])
        stem = Path(data) / "tatoeba" / f"tatoeba.{code}-eng"
        shutil.copyfile(f"{stem}.{code}", OUTPUT / f"tatoeba.{language}-{HUB}.{language}")
        shutil.copyfile(f"{stem}.eng", OUTPUT / f"tatoeba.{language}-{HUB}.{HUB}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
