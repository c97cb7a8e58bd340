"""A language as the tables of others know it: its Glottocode, found by any of its codes."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from functools import cache

from x2static.core.errors import ConfigError
from x2static.core.languages.language import Language, base_of, find_language, languages


def glottocode_of(code: str) -> str:
    """The Glottocode behind an ISO 639 code or a Glottocode.

    Raises:
        ConfigError: no table knows the code; names the closest.
    """
    known = find_language(code)
    if known is not None and known.glottocode:
        return known.glottocode
    if code in by_glottocode():
        return code
    raise ConfigError(f"'{code}' is a language that no table knows{_closest(code)}")


def family_of(code: str) -> str:
    """The top of its tree in Glottolog; empty where unknown."""
    known = find_language(code) or by_glottocode().get(code)
    return known.family if known else ""


def script_of(code: str) -> str:
    """ISO 15924 code of the script that it is mostly written in; empty where unknown."""
    known = find_language(code) or by_glottocode().get(code)
    return known.script if known else ""


def check_languages(codes: Sequence[str], flag: str, *, least: int = 2) -> None:
    """Refuse unknown and repeated codes, and too few.

    Raises:
        ConfigError: names the flag, the code and the closest known one.
    """
    for code in codes:
        try:
            glottocode_of(code)
        except ConfigError as error:
            raise ConfigError(f"{flag}: {error}") from None
    twice = [code for code in dict.fromkeys(codes) if codes.count(code) > 1]
    if twice:
        raise ConfigError(f"{flag}: {' '.join(twice)} is named twice")
    if len(codes) < least:
        raise ConfigError(f"{flag} needs at least {least} languages, got {len(codes)}")


@cache
def by_glottocode() -> dict[str, Language]:
    """Every language of the table that has a Glottocode."""
    return {one.glottocode: one for one in languages().values() if one.glottocode}


def _closest(code: str) -> str:
    """The end of a message: the nearest name among the larger languages, or all, or codes."""
    wanted = base_of(code)
    for size in (2, 3) if len(code) > 3 else ():
        names = {one.name.lower(): one for key, one in languages().items() if len(key) == size}
        near = difflib.get_close_matches(code.lower(), names, n=1, cutoff=0.75)
        if near:
            return f"; did you mean '{names[near[0]].code}' ({names[near[0]].name})?"
    same = [key for key in languages() if len(key) == len(wanted)]
    close = difflib.get_close_matches(wanted, same, n=3, cutoff=0.5)
    return f"; the closest are {', '.join(close)}" if close else "; give an ISO 639 code such as de"
