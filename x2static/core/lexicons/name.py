"""What a setting calls sentence pairs: the languages, and the file or files."""

from __future__ import annotations

from pathlib import Path

from x2static.core.errors import ConfigError
from x2static.core.languages.language import check_code


def parse_bitext(text: str) -> tuple[tuple[str, str], Path]:
    """``de-en=FILE`` as languages and file.

    Raises:
        ConfigError: not of this form, or one language twice.
    """
    names, separator, path = text.partition("=")
    codes = names.split("-")
    if not separator or not path or len(codes) != 2:
        raise ConfigError(f"--bitext: '{text}' is not SOURCE-TARGET=FILE, such as de-en=pairs.tsv")
    for code in codes:
        check_code(code, "--bitext")
    if codes[0] == codes[1]:
        raise ConfigError(f"--bitext: '{text}' names one language twice")
    return (codes[0], codes[1]), Path(path)


def files_of(path: Path, codes: tuple[str, str]) -> list[Path]:
    """The files behind a name: one, two with a comma between, or one for each ``{}``."""
    name = str(path)
    if "{}" in name:
        return [Path(name.replace("{}", code)) for code in codes]
    return [path] if path.exists() else [Path(part) for part in name.split(",")]
