r"""How many dictionary words a text has, with and without clitics and compounds.

    export X2STATIC_DATA=...   # folder with mono/, nli/, muse/ and lexicons-cc-by-sa/
    .venv/bin/python scripts/quality/clitics.py --work WORK --output docs/results/quality-clitics

Hebrew and Vietnamese: all sentences of mono/; Arabic: the sentences of XNLI's development set. A
word is found if the text has it once, or three times (what `distill` asks for by default), in lower
case.
"""

from __future__ import annotations

import gzip
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import x2static  # noqa: E402
from scripts.results import parse, provenance, quality_parser, write_results  # noqa: E402
from x2static.core.text.lexicon import read_lexicon  # noqa: E402


def lines_of(path: Path) -> Iterator[str]:
    """The lines of a packed text."""
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        yield from (line.rstrip("\n") for line in stream)


def texts(data: Path) -> dict[str, list[str]]:
    """The sentences of each language."""
    arabic = (cell for line in lines_of(data / "nli/xnli.dev-ar.tsv.gz")
              for cell in line.split("\t")[:2])  # fmt: skip
    return {
        "he": list(lines_of(data / "mono/he.txt.gz")), "ar": list(dict.fromkeys(arabic)),
        "vi": list(lines_of(data / "mono/vi.txt.gz")),
    }  # fmt: skip


def dictionaries(data: Path, language: str) -> Iterator[tuple[str, set[str]]]:
    """Words of the language by the name of the dictionary."""
    for part, places in (("train", "0-5000"), ("test", "5000-6500")):
        path = data / f"muse/{part}/{language}-en.{places}.txt"
        if path.exists():
            yield f"MUSE {part}", {pair[0].lower() for pair in read_lexicon(path)}
    path = data / f"lexicons-cc-by-sa/en-{language}.txt"
    rows = (line.partition("\t") for line in path.read_text(encoding="utf-8").splitlines())
    words = {word.strip().lower() for _, _, word in rows}
    yield "Wiktionary, one word", {word for word in words if word and " " not in word}


def ways(language: str) -> dict[str, dict[str, Any]]:
    """Settings of prepare by what the table calls them."""
    plain = {"tokenizer": "icu"}
    if language == "vi":
        return {"syllables": plain, "joined": {"tokenizer": "underthesea"}}
    return {"kept": plain, "split": {**plain, "clitics": "split"}}


def main(argv: list[str] | None = None) -> None:
    """Measure and write."""
    options = parse(quality_parser(__doc__ or ""), argv or sys.argv[1:])
    rows = []
    for language, lines in texts(options.data).items():
        for way, settings in ways(language).items():
            sentences = x2static.prepare(
                lines, language, rules="all", workers=1, lowercase=True, **settings
            )
            counts = Counter(word for sentence in sentences for word in sentence.split())
            for name, words in dictionaries(options.data, language):
                rows.append({
                    "language": language, "way": way, "sentences": len(sentences),
                    "dictionary": name, "words": len(words),
                    "found": sum(counts[word] > 0 for word in words),
                    "found_3_times": sum(counts[word] > 2 for word in words),
                })  # fmt: skip
    made = provenance(seeds=(), n="all sentences of each text", repeats=1)
    write_results(options.output, rows, _markdown(rows), made)


def _markdown(rows: list[dict[str, Any]]) -> str:
    lines = [
        "| language | clitics, compounds | sentences | dictionary | words | found | three times |",
        "|" + "---|" * 7,
    ]
    lines += [
        f"| {row['language']} | {row['way']} | {row['sentences']:,} | {row['dictionary']} | "
        f"{row['words']:,} | {row['found']:,} | {row['found_3_times']:,} |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
