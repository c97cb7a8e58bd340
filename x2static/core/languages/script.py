"""Which writing a language uses, and whether a text is in it.

Only the writing can be told from letters: Italian under the code ``ko`` is noticed, Italian under
``es`` is not.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from x2static.core.languages.language import find_language

_LEAST_LETTERS = 200
_LEAST_SHARE = 0.5
# The first word of the Unicode names of a script's letters, by ISO 15924 code.
_NAMES = {
    code: frozenset(names.split())
    for code, names in {
        "Arab": "ARABIC", "Armn": "ARMENIAN", "Beng": "BENGALI", "Bopo": "BOPOMOFO",
        "Cans": "CANADIAN", "Cyrl": "CYRILLIC", "Deva": "DEVANAGARI", "Ethi": "ETHIOPIC",
        "Geor": "GEORGIAN", "Grek": "GREEK", "Gujr": "GUJARATI", "Guru": "GURMUKHI",
        "Hani": "CJK BOPOMOFO", "Hans": "CJK BOPOMOFO", "Hant": "CJK BOPOMOFO", "Hebr": "HEBREW",
        "Java": "JAVANESE", "Jpan": "HIRAGANA KATAKANA CJK", "Khmr": "KHMER", "Knda": "KANNADA",
        "Kore": "HANGUL CJK", "Laoo": "LAO", "Latn": "LATIN", "Mlym": "MALAYALAM",
        "Mong": "MONGOLIAN", "Mymr": "MYANMAR", "Orya": "ORIYA", "Sinh": "SINHALA",
        "Syrc": "SYRIAC", "Taml": "TAMIL", "Telu": "TELUGU", "Tfng": "TIFINAGH", "Thaa": "THAANA",
        "Thai": "THAI", "Tibt": "TIBETAN", "Yiii": "YI",
    }.items()
}  # fmt: skip
# Further scripts of languages that are written in several.
_ALSO = {
    "Arab": "az kk ky tk uz ms pa ha tg ku ks sd",
    "Cyrl": "az uz tk sr sh bs ku ug ro",
    "Deva": "ks sd sat",
    "Latn": "sr sh bs kk ky tg uz az tk ku mn ha tt ug jv iu sat",
    "Mong": "mn",
    "Java": "jv",
}


@dataclass(frozen=True)
class ScriptShare:
    """How much of a text is in the writing of its language.

    Attributes:
        language: its code.
        share: of the letters.
        mostly: the writing that most letters are in.
    """

    language: str
    share: float
    mostly: str

    @property
    def fits(self) -> bool:
        """Whether at least half of the letters are as they should be."""
        return self.share >= _LEAST_SHARE

    def as_note(self) -> dict[str, str | float]:
        """For a run record."""
        return {"language": self.language, "share": round(self.share, 4), "mostly": self.mostly}

    def warning(self, text: str) -> str:
        """A line for a text that does not fit."""
        expected = " or ".join(sorted(name.title() for name in scripts_of(self.language) or ()))
        return (
            f"warning: {text}: {self.share:.0%} of its letters are {expected}, as {self.language} "
            f"is written; most are {self.mostly.title()}: is it the text of another language?"
        )


def scripts_of(language: str) -> frozenset[str] | None:
    """The scripts that a language is written in; None where that is not known."""
    for part in language.replace("_", "-").split("-")[1:]:
        if part.title() in _NAMES:
            return _NAMES[part.title()]  # a script is named: zh-Latn
    known = find_language(language)
    if known is None or known.script not in _NAMES:
        return None
    further = (_NAMES[code] for code, codes in _ALSO.items() if known.code in codes.split())
    return _NAMES[known.script].union(*further)


def script_share(language: str, texts: Iterable[tuple[str, int]]) -> ScriptShare | None:
    """The share of letters in a language's own writing; None for too few letters or an unknown one.

    Args:
        language: its code.
        texts: words or sentences, each with how often it counts.
    """
    expected = scripts_of(language)
    if expected is None:
        return None
    letters: Counter[str] = Counter()
    for text, weight in texts:
        for letter in text:
            letters[letter] += weight
    scripts: Counter[str] = Counter()
    for letter, count in letters.items():
        if script := _script(letter):
            scripts[script] += count
    total = scripts.total()
    if total < _LEAST_LETTERS:
        return None
    own = sum(scripts[name] for name in expected)
    return ScriptShare(language, own / total, scripts.most_common(1)[0][0])


@cache
def _script(letter: str) -> str:
    """The first word of a letter's name; nothing for what is no letter."""
    if not unicodedata.category(letter).startswith("L"):
        return ""
    words = unicodedata.name(letter, "").replace("-", " ").split()
    if words[:1] in (["FULLWIDTH"], ["HALFWIDTH"]):
        words = words[1:]
    return words[0] if words else ""
