"""One apostrophe, and articles that lean on the next word, whichever tokenizer cut the text.

The curved apostrophe between letters is the straight one: Ankara’da and Ankara'da are one word. In
French, Italian and Catalan a word that lost its vowel is a word of its own, with its apostrophe:
``l'acqua`` becomes ``l' acqua``, ``qu'il`` becomes ``qu' il``. UDPipe's models of these languages
do so, ICU does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_CURVED = re.compile("(?<=\\w)[\u2019\u02bc]")
_FRENCH = "l d j m t s c n qu jusqu lorsqu puisqu quoiqu"
_ITALIAN = (
    "l d c v s t m n un dell all dall nell sull coll quell quest bell sant grand senz anch com dov "
    "cos pover buon mezz nessun ciascun quant tutt"
)
_CATALAN = "l d m t s n"
ELIDED = {
    "fr": _FRENCH,
    "oc": _FRENCH,
    "it": _ITALIAN,
    "scn": _ITALIAN,
    "vec": _ITALIAN,
    "ca": _CATALAN,
}
"""Words without their last vowel, by language."""

ONE_APOSTROPHE = frozenset({*ELIDED, "az", "be", "crh", "tr", "uk"})
"""Languages that have words with an apostrophe inside."""


def apostrophes(language: str, *, splits: bool) -> Callable[[str], str] | None:
    """What to do to each tokenized sentence of a language; None where it has no such words.

    Args:
        language: ISO code without region.
        splits: whether elided words become words of their own.
    """
    if language not in ONE_APOSTROPHE:
        return None
    if language not in ELIDED or not splits:
        return straightened
    heads = "|".join(ELIDED[language].split())
    # where a word begins, or behind another, before a letter: aujourd'hui and po' stay
    elided = re.compile(rf"(?<![^\s'])((?:{heads})')(?=[^\W\d_])", re.IGNORECASE)

    def cut(sentence: str) -> str:
        sentence = straightened(sentence)
        return elided.sub(r"\1 ", sentence) if "'" in sentence else sentence

    return cut


def straightened(sentence: str) -> str:
    """The sentence with straight apostrophes behind letters; a closing quote is a word by now."""
    return _CURVED.sub("'", sentence) if not sentence.isascii() else sentence
