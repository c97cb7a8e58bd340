"""Seed dictionaries in the box: emoji names of Unicode's CLDR, single words of 100 languages.

The names of one emoji in two languages translate each other; English need not be one of them. The
table holds what is one word in English and in the language and not spelled alike in both (names
teach nothing), in lower case: some 600 concepts, 130 to 600 of them in each language. Made from
CLDR's short names; licence in ``LICENSE.unicode.txt`` beside the table.
"""

from __future__ import annotations

import difflib
import lzma
from functools import cache
from pathlib import Path

from x2static.core.errors import LexiconError
from x2static.core.languages.language import base_of
from x2static.core.text.lexicon import Lexicon

_TABLE = Path(__file__).with_name("cldr.tsv.xz")
_PREFIX = "cldr"
_OTHER_CODES = {"nb": "no", "nn": "no", "tl": "fil", "iw": "he", "in": "id"}


def names_cldr(path: Path | None) -> bool:
    """Whether ``--lexicon`` names the box's own dictionary and no file: ``cldr:de-en``."""
    return path is not None and str(path).partition(":")[0] == _PREFIX and not path.exists()


def cldr_lexicon(name: str) -> Lexicon:
    """The dictionary behind ``cldr:de-en``, source language first.

    Raises:
        LexiconError: not such a name, a language that the table does not have, or one twice.
    """
    codes = name.partition(":")[2].split("-")
    if len(codes) != 2 or not all(codes):
        raise LexiconError(
            f"--lexicon {name}: say between which languages, source first: cldr:de-en"
        )
    source, target = (_column(code) for code in codes)
    if source == target:
        raise LexiconError(f"--lexicon {name}: '{codes[0]}' and '{codes[1]}' are one language")
    rows = zip(_table()[source], _table()[target], strict=True)
    return Lexicon.of((a, b) for a, b in rows if a and b and a != b)


def cldr_languages() -> tuple[str, ...]:
    """The codes that the table knows."""
    return tuple(_table())


def _column(code: str) -> str:
    base = base_of(code)
    base = _OTHER_CODES.get(base, base)
    known = cldr_languages()
    if base not in known:
        near = difflib.get_close_matches(base, known, n=3, cutoff=0.5)
        also = f"; near: {', '.join(near)}" if near else ""
        raise LexiconError(
            f"--lexicon cldr: no words of '{code}' among its {len(known)} languages{also}"
        )
    return base


@cache
def _table() -> dict[str, list[str]]:
    """Words by language, one place per concept; an empty word where the language has none."""
    lines = lzma.decompress(_TABLE.read_bytes()).decode("utf-8").splitlines()
    rows = [line.split("\t") for line in lines]
    columns = zip(*rows, strict=True)
    return {code: list(words) for code, *words in columns}
