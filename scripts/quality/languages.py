"""What the rules for single languages change: sentences kept, dictionary words found, French BLI.

Texts are small; each row says how many sentences it stands on. ``--texts`` names a folder with more
of them, ``CODE.txt``, a sentence a line, for languages that the data folder has no text of.
"""

from __future__ import annotations

import gzip
import lzma
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import x2static
from scripts.results import parse, provenance, quality_parser, write_results
from x2static.core.text.lexicon import read_lexicon
from x2static.prepare.chunk import ChunkPlan, ChunkProcessor
from x2static.prepare.config import RULES, Rules
from x2static.prepare.tokenizers.interface import TokenizerPlan

SEEDS = (1, 2, 3)
SENTENCES = 60_000
ALL = RULES["all"]
PAPER, LETTERS = Rules(min_tokens=7), Rules(min_tokens=7, min_letters=30)


def main(argv: list[str] | None = None) -> None:
    """Write the tables."""
    parser = quality_parser(__doc__ or "")
    parser.add_argument("--texts", type=Path, help="folder of further texts, CODE.txt")
    options = parse(parser, sys.argv[1:] if argv is None else argv)
    options.work.mkdir(parents=True, exist_ok=True)
    texts = dict(_texts(options.data, options.texts))
    rows = [
        row for code, lines in texts.items() for row in language_rows(options.data, code, lines)
    ]
    bli = french_bli(options.data)
    n = "; ".join(f"{code} {len(lines):,} sentences" for code, lines in texts.items())
    made = provenance(seeds=SEEDS, n=n, repeats=1)
    write_results(options.output, {"rows": rows, "bli": bli}, _markdown(rows, bli), made)


def language_rows(data: Path, code: str, lines: list[str]) -> Iterator[dict[str, Any]]:
    """One row for each way of cutting a language's text."""
    known = _dictionary(data, code)
    for name, splits in (("icu", False), ("icu", True), ("kiwi", True)):
        if name == "kiwi" and code != "ko":
            continue
        found = {
            rules: _sentences(code, lines, name, rules, splits) for rules in (ALL, PAPER, LETTERS)
        }
        counts = Counter(word for line in found[ALL] for word in line.lower().split())
        yield {
            "language": code,
            "tokenizer": name,
            "apostrophes": splits,
            "sentences": len(lines),
            "kept_7_tokens": len(found[PAPER]) / len(found[ALL]),
            "kept_letters": len(found[LETTERS]) / len(found[ALL]),
            "running_words": sum(counts.values()),
            "distinct_words": len(counts),
            "dictionary_words": len(known),
            "found": sum(counts[word] >= 1 for word in known),
            "found_3_times": sum(counts[word] >= 3 for word in known),
        }


def french_bli(data: Path) -> list[dict[str, Any]]:
    """French to English by skip-gram on the same sentences, elisions kept or split."""
    from gensim.models import Word2Vec

    english = _sentences("en", _head(data / "mono/en.txt.gz"), "icu", ALL, True)
    french = _head(data / "mono/fr.txt.gz")
    cut = {splits: _sentences("fr", french, "icu", ALL, splits) for splits in (False, True)}
    rows = []
    for seed in SEEDS:

        def vectors(lines: list[str], seed: int = seed) -> Any:
            model = Word2Vec(
                [line.lower().split() for line in lines],
                vector_size=100,
                min_count=5,
                sg=1,
                epochs=5,
                seed=seed,
                workers=1,
            )
            return model.wv

        target = vectors(english)
        for splits, lines in cut.items():
            source, mapped = x2static.align(
                vectors(lines), target, data / "muse/train/fr-en.0-5000.txt", preset="supervised"
            )
            test = data / "muse/test/fr-en.5000-6500.txt"
            (row,) = x2static.bli(source, mapped, test, index="exact")
            rows.append(
                {
                    "seed": seed,
                    "apostrophes": splits,
                    **{k: row[k] for k in ("p@1", "strict_p@1", "coverage", "queries")},
                }
            )
    return rows


def _sentences(
    code: str, lines: list[str], tokenizer: str, rules: Rules, splits: bool
) -> list[str]:
    plan = ChunkPlan(
        tokenizer=TokenizerPlan(name=tokenizer, language=code), rules=rules, splits_elisions=splits
    )
    processor = ChunkProcessor(plan)
    if not splits:
        processor._apostrophes = None  # as it was
    return [one.decode() for one in processor.process("\n".join(lines).encode()).sentences]


def _texts(data: Path, more: Path | None) -> Iterator[tuple[str, list[str]]]:
    yield "fr", _head(data / "mono/fr.txt.gz")
    for code in ("en", "tr", "th"):
        yield code, list(_xnli(data, code))
    with lzma.open(data / "bitext/bible/my.tsv.xz", "rt", encoding="utf-8") as stream:
        yield "my", [line.rstrip("\n").split("\t")[-1] for line in stream]
    for path in sorted(more.glob("*.txt")) if more else ():
        if path.stem in ("ko", "it"):
            yield path.stem, path.read_text(encoding="utf-8").splitlines()


def _head(path: Path) -> list[str]:
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        return [line.rstrip("\n") for line in islice(stream, SENTENCES)]


def _xnli(data: Path, code: str) -> Iterator[str]:
    with gzip.open(data / f"nli/xnli.dev-{code}.tsv.gz", "rt", encoding="utf-8") as stream:
        found = dict.fromkeys(cell for line in stream for cell in line.split("\t")[:2])
    yield from found


def _dictionary(data: Path, code: str) -> set[str]:
    places = [
        data / f"muse/train/en-{code}.0-5000.txt",
        data / f"lexicons-cc-by-sa/en-{code}.txt",
        data / f"lexicons-cldr/en-{code}.tsv",
    ]
    found = next((path for path in places if path.exists()), None)
    return {target.lower() for _, target in read_lexicon(found)} if found else set()


def _markdown(rows: list[dict[str, Any]], bli: list[dict[str, Any]]) -> str:
    lines = [
        "| language | cut by | sentences | kept: 7 tokens | kept: or 30 letters | distinct words "
        "| dictionary words found | three times |",
        "|" + "---|" * 8,
    ]
    for row in rows:
        how = row["tokenizer"] + (", apostrophes" if row["apostrophes"] else "")
        shares = (100 * row[key] for key in ("kept_7_tokens", "kept_letters"))
        known = f"{row['found']:,} of {row['dictionary_words']:,} | {row['found_3_times']:,}"
        lines.append(
            f"| {row['language']} | {how} | {row['sentences']:,} | "
            + " | ".join(f"{share:.0f} %" for share in shares)
            + f" | {row['distinct_words']:,} | {known if row['dictionary_words'] else ' | '} |"
        )
    lines += [
        "",
        "French to English (skip-gram, supervised map, MUSE's test words):",
        "",
        "| elisions | seed | P@1 | strict P@1 | coverage | words |",
        "|" + "---|" * 6,
    ]
    for row in bli:
        figures = " | ".join(f"{100 * row[key]:.2f}" for key in ("p@1", "strict_p@1", "coverage"))
        how = "split" if row["apostrophes"] else "kept"
        lines.append(f"| {how} | {row['seed']} | {figures} | {row['queries']:,} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
