"""Whether the vectors of two files can lie in one space."""

from __future__ import annotations

from pathlib import Path

from x2static.core.errors import ConfigError


def check_one_space(first: tuple[Path, int], second: tuple[Path, int]) -> None:
    """Stop where two files differ in width.

    Args:
        first: a file and the width of its vectors.
        second: another.

    Raises:
        ConfigError: names both.
    """
    (one, width), (other, other_width) = first, second
    if width != other_width:
        raise ConfigError(
            f"{one} and {other}: vectors of widths {width} and {other_width} share no space; "
            "align them first"
        )
