"""A language is a name, never a path."""

from __future__ import annotations

import pytest

from x2static.core.errors import ConfigError
from x2static.core.languages.language_name import check_language_name


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
