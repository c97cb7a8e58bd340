"""Languages: their codes, names, scripts and families, from one table.

The table holds every language that has an ISO 639-1 code or, in Glottolog, an ISO 639-3 code.
Codes and families are Glottolog 5.1's (CC BY 4.0), names and scripts CLDR's where it has them. A
macrolanguage such as ``zh`` or ``ar`` has the Glottolog code of its standard variety.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from x2static.core.errors import ConfigError
from x2static.core.languages.language_name import check_language_name

_TABLE = Path(__file__).with_name("languages.tsv")
_WELL_FORMED = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
_RETIRED = {"iw": "he", "in": "id", "ji": "yi", "jw": "jv", "mo": "ro"}
_EXAMPLES = ("de", "en", "fr", "hi", "ja", "sw")


@dataclass(frozen=True)
class Language:
    """One row of the table; what is unknown is empty.

    Attributes:
        code: what the workbench calls it: ISO 639-1, else ISO 639-3.
        iso639_3: three-letter code.
        glottocode: Glottolog's code.
        family: the top of its tree in Glottolog; an isolate is its own family.
        script: ISO 15924 code of the script it is mostly written in.
        name: in English.
    """

    code: str
    iso639_3: str
    glottocode: str
    family: str
    script: str
    name: str


@cache
def languages() -> Mapping[str, Language]:
    """The whole table by code."""
    return {language.code: language for language, _ in _rows()}


def find_language(code: str) -> Language | None:
    """The language behind a code of two or three letters, with or without script and country."""
    base = base_of(code)
    known = languages()
    return known.get(base) or known.get(_shorter_codes().get(base, ""))


def name_of(code: str) -> str:
    """English name, or the code itself where no table knows it."""
    language = find_language(code)
    return language.name if language else code


def same_language(names: Sequence[str], language: str) -> str | None:
    """The name that means a language, ``de_DE`` for ``de``, ``deu`` or ``de-AT``; None without."""
    if language in names:
        return language
    wanted = _shortest(language)
    return next((name for name in names if _shortest(name) == wanted), None)


def _shortest(name: str) -> str:
    known = find_language(name)
    return known.code if known else base_of(name)


def base_of(code: str) -> str:
    """The language without script and country: ``zh`` of ``zh-Hans``."""
    return re.split("[-_]", code)[0].lower()


@cache
def two_letter_codes() -> frozenset[str]:
    """Every code of ISO 639-1."""
    return frozenset(code for code in languages() if len(code) == 2)


def check_code(code: str, place: str = "--language") -> None:
    """Refuse what is no language code, or is one that has a shorter form, naming the right one.

    A well-formed three-letter code that no table knows passes: ICU's general rules serve it.

    Args:
        code: what was given.
        place: the setting that gave it, for messages.

    Raises:
        ConfigError: with the closest code.
    """
    base = base_of(code)
    better = _aliases().get(code.lower()) or _shorter_codes().get(base)
    if better:
        raise ConfigError(f"{place}: use the code '{better}' for '{code}'")
    if not _WELL_FORMED.fullmatch(code):
        raise ConfigError(f"{place}: '{code}' is no language code{_suggestion(code)}")
    if len(base) == 2 and base not in two_letter_codes():
        raise ConfigError(f"{place}: unknown code '{code}'{_suggestion(code)}")
    check_language_name(code, place)


def _suggestion(code: str) -> str:
    """The nearest name's or code's code, as the end of a message."""
    wanted = code.lower()
    aliases = _aliases()
    names = difflib.get_close_matches(wanted, aliases, n=1, cutoff=0.7)
    if len(wanted) > 3 and names:
        return f"; did you mean '{aliases[names[0]]}'?"
    near = sorted(known for known in two_letter_codes() if known[0] == wanted[:1]) or _EXAMPLES
    return f"; give an ISO 639 code such as {', '.join(near[:6])}"


@cache
def _shorter_codes() -> Mapping[str, str]:
    """Two-letter code by three-letter code, and by codes that were withdrawn."""
    found = dict(_RETIRED)
    for language, bibliographic in _rows():
        if len(language.code) == 2:
            found[language.iso639_3] = language.code
            if bibliographic:
                found[bibliographic] = language.code
    return found


@cache
def _aliases() -> Mapping[str, str]:
    """Code by everything else a language of ISO 639-1 may be called, in lower case."""
    names = {entry.name.lower(): code for code, entry in languages().items() if len(code) == 2}
    return {**names, **_shorter_codes()}


@cache
def _rows() -> list[tuple[Language, str]]:
    """Each language, and its bibliographic code (ISO 639-2/B) where that differs."""
    rows = []
    for line in _TABLE.read_text(encoding="utf-8").splitlines()[1:]:
        cells = ["" if cell == "-" else cell for cell in line.split("\t")]
        code, iso639_3, bibliographic, glottocode, family, script, name = cells
        rows.append((Language(code, iso639_3, glottocode, family, script, name), bibliographic))
    return rows
