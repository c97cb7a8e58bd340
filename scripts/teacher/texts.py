"""Text of each language for the vocabulary: its own, and translations into it."""

from __future__ import annotations

import gzip
import random
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

from scripts.teacher.english import keyed
from scripts.teacher.items import languages_of

_MOST, _MOST_BIBLE, _MOST_OTHER = 30_000, 8_000, 4_000
_LONGEST = 600  # characters
_COVERED = 0.9995
_PART = 0.2  # of the lines that the trainer would take


def write_texts(data: Path, output: Path) -> None:
    """A file of shuffled lines in lower case for each language, without its rarest letters."""
    output.mkdir(parents=True, exist_ok=True)
    texts = {language: _lines(data, language) for language in languages_of(data)}
    known = {letter for lines in texts.values() for letter in _frequent_letters(lines)}
    for language, lines in texts.items():
        kept = ("".join(x if x in known else " " for x in line)[:_LONGEST] for line in lines)
        place = output / f"{language}.txt"
        place.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")


def _frequent_letters(lines: list[str]) -> list[str]:
    """Those that make up 99.95 % of a language's text."""
    counts = Counter(letter for line in lines for letter in line)
    total, seen, kept = sum(counts.values()), 0, []
    for letter, count in counts.most_common():
        if seen >= _COVERED * total:
            break
        kept.append(letter)
        seen += count
    return kept


def _lines(data: Path, language: str) -> list[str]:
    rng, mono, pairs = random.Random(language), [], []
    path = data / "mono" / f"{language}.txt.gz"
    if path.exists():
        with gzip.open(path, "rt", encoding="utf-8") as stream:
            mono = [line.strip() for line in stream]
    for path in sorted((data / "bitext").glob(f"*/{language}.tsv.xz")):
        lines = [text for _, text in keyed(path)]
        rng.shuffle(lines)
        pairs += lines[: _MOST_BIBLE if path.parent.name == "bible" else _MOST_OTHER]
    rng.shuffle(mono)
    rng.shuffle(pairs)
    taken = mono[: 2 * _MOST // 3]
    taken += pairs[: _MOST - len(taken)]
    rng.shuffle(taken)
    return [unicodedata.normalize("NFKC", line).lower() for line in taken]


def train_vocabulary(texts: Path, pieces: int) -> Any:
    """One unigram model for all languages; a language's lines by the root of its bytes."""
    from continued_pretraining.text.tokenizer import train_tokenizer

    files = {path.stem: [path] for path in sorted(texts.glob("*.txt"))}
    roots = {name: paths[0].stat().st_size ** 0.5 for name, paths in files.items()}
    shares = {name: _PART * root / sum(roots.values()) for name, root in roots.items()}
    return train_tokenizer(files, pieces, 256, shares, lowercase=True).hugging_face
