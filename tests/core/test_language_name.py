"""A language is a name, never a path."""

from __future__ import annotations

from pathlib import Path

import pytest

from x2static.core.errors import ConfigError
from x2static.core.languages.language_name import check_language_name, named_file, named_files


@pytest.mark.parametrize("name", ["de", "zh-Hans", "pt_BR", "Ελληνικά", "my language", "<b>"])
def test_names_pass(name: str) -> None:
    check_language_name(name, "--spokes")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "is empty"), (" ", "is empty"), ("a/b", "is a path"), ("a\\b", "is a path"),
        ("..", "begins with '.'"), (".", "begins with '.'"), ("-x", "begins with '-'"),
        ("a\0", "cannot be printed"), ("a\x1b[2J", "cannot be printed"), ("a\udc80", "be printed"),
        ("x" * 65, "longer than 64"),
    ],
)  # fmt: skip
def test_what_is_no_name_is_refused_in_one_printable_line(name: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason) as caught:
        check_language_name(name, "--spokes")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200


def test_names_and_files_are_told_apart_at_the_first_sign() -> None:
    assert named_file("de=a=b.vec", "--spokes", "de=de.vec") == ("de", Path("a=b.vec"))
    found = named_files(["en=x", "de=y"], "--texts", "de=de.txt")
    assert list(found.items()) == [("en", Path("x")), ("de", Path("y"))]


@pytest.mark.parametrize("texts", [["de"], ["=x"], ["de="], ["de=x", "de=y"]])
def test_what_names_no_file_or_one_twice_is_refused(texts: list[str]) -> None:
    with pytest.raises(ConfigError, match=r"^--texts: '.*' is (not NAME=FILE|named twice)"):
        named_files(texts, "--texts", "de=de.txt")
