"""The table of languages: codes, names, families and scripts agree with each other."""

from __future__ import annotations

import re

import pytest

from x2static.core.errors import ConfigError
from x2static.core.languages.language import (
    check_code,
    find_language,
    languages,
    name_of,
    two_letter_codes,
)


def test_every_row_is_well_formed_and_no_code_stands_twice() -> None:
    table = languages()
    assert len({entry.iso639_3 for entry in table.values()}) == len(table) > 7800
    for code, entry in table.items():
        assert re.fullmatch("[a-z]{2,3}", code)
        assert re.fullmatch("[a-z]{3}", entry.iso639_3)
        assert re.fullmatch(r"([a-z0-9]{4}\d{4})?", entry.glottocode), entry
        assert re.fullmatch("([A-Z][a-z]{3})?", entry.script), entry
        assert entry.name.strip()


@pytest.mark.parametrize(
    ("code", "name", "family", "script", "glottocode"),
    [
        ("de", "German", "Indo-European", "Latn", "stan1295"),
        ("zh-Hant", "Chinese", "Sino-Tibetan", "Hans", "mand1415"),
        ("fin", "Finnish", "Uralic", "Latn", "finn1318"),
        ("eu", "Basque", "Basque", "Latn", "basq1248"),
        ("ka", "Georgian", "Kartvelian", "Geor", "nucl1302"),
        ("ceb", "Cebuano", "Austronesian", "Latn", "cebu1242"),
        ("iw", "Hebrew", "Afro-Asiatic", "Hebr", "hebr1245"),
    ],
)
def test_known_languages(code: str, name: str, family: str, script: str, glottocode: str) -> None:
    entry = find_language(code)
    assert entry is not None
    assert (entry.name, entry.family, entry.script) == (name, family, script)
    assert entry.glottocode == glottocode


def test_iso_639_1_is_whole() -> None:
    assert len(two_letter_codes()) == 183
    assert {"de", "eu", "zu", "nb", "nn", "no"} <= two_letter_codes()


def test_an_unknown_code_has_no_row_and_keeps_its_name() -> None:
    assert find_language("qqq") is None
    assert name_of("qqq") == "qqq"


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("ger", "de"), ("deu", "de"), ("German", "de"), ("germna", "de"), ("swa", "sw"),
        ("per", "fa"), ("iw", "he"), ("chi-Hans", "zh"), ("Mandarin", "ISO 639"),
        ("d", "ISO 639"), ("de de", "ISO 639"), ("xx", "ISO 639"), ("", "ISO 639"),
    ],
)  # fmt: skip
def test_a_wrong_code_is_refused_with_the_right_one(wrong: str, right: str) -> None:
    with pytest.raises(ConfigError, match=right) as caught:
        check_code(wrong)
    assert "\n" not in str(caught.value)
