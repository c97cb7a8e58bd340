"""Which files are learned from, and in which languages: ``FILE``, or ``en=FILE de=FILE``."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from x2static.core.errors import ConfigError
from x2static.core.languages.language import check_code, same_language
from x2static.core.storage.files import sha256

Training = tuple[str, ...] | str | Path | Mapping[str, str | Path]
"""How ``--train`` is given: as typed, as one file, or as files by language."""


def as_typed(given: Training) -> tuple[str, ...]:
    """Training data as the command line has them."""
    if isinstance(given, Mapping):
        return tuple(f"{code}={path}" for code, path in given.items())
    return (str(given),) if isinstance(given, (str, Path)) else tuple(map(str, given))


def training_files(train: Sequence[str], language: str | None) -> dict[str, Path]:
    """Files by language, in the order given; the first language is where transfer starts.

    Args:
        train: one FILE, or CODE=FILE once for each language.
        language: what ``--train-language`` says of a FILE; None: English.

    Raises:
        ConfigError: several files of which one has no language, a language twice, no such code.
    """
    given = [named(text) for text in train]
    if not given:
        raise ConfigError("--train names no file")
    code, path = given[0]
    if len(given) == 1 and code is None:
        return {language or "en": path}
    found: dict[str, Path] = {}
    for code, path in given:
        if code is None:
            raise ConfigError(
                f"--train {path}: several files need their languages, as in --train en={path}"
            )
        check_code(code, "--train")
        if same_language(list(found), code):
            raise ConfigError(
                f"--train {code}={path}: the language is named twice; put its data into one file"
            )
        found[code] = path
    if language is not None and list(found) != [language]:
        raise ConfigError(
            f"--train-language {language}: --train names its languages itself "
            f"({' '.join(found)}); drop it"
        )
    return found


def sole_language(files: Mapping[str, Path]) -> str | None:
    """The language trained on; None where there are several."""
    return next(iter(files)) if len(files) == 1 else None


def check_each_once(files: Mapping[str, Path]) -> None:
    """`check_once` for every language."""
    for code in files:
        check_once(files, code)


def check_once(files: Mapping[str, Path], code: str) -> None:
    """Refuse a language's file that is another's, too: its text would count twice.

    Raises:
        ConfigError: names file and languages.
    """
    own = files[code].resolve()
    others = [one for one, path in files.items() if path.resolve() == own and one != code]
    if others:
        raise ConfigError(f"--train: {files[code]} is given for {code} and for {others[0]}")


def place_among(files: Mapping[str, Path], language: str | None) -> int | None:
    """Which of the languages trained on a test set is in, counted from 0; None: in no such one."""
    found = None if language is None else same_language(list(files), language)
    return None if found is None else list(files).index(found)


def shown(files: Mapping[str, Path]) -> str:
    """The files for a message."""
    return " ".join(map(str, files.values()))


def digest_of(files: Mapping[str, Path]) -> str:
    """What is in them, in order: the digest of one file, or of the digests of several."""
    digests = [sha256(path) for path in files.values()]
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256(" ".join(digests).encode()).hexdigest()


def named(text: str) -> tuple[str | None, Path]:
    """``CODE=FILE`` as its parts; a mere FILE has no code.

    Raises:
        ConfigError: no FILE.
    """
    code, separator, path = text.partition("=")
    if separator and code and "/" not in code and not Path(text).is_file():
        if not path:
            raise ConfigError(f"--train {text}: no file is named for {code}")
        return code, Path(path).expanduser()
    return None, Path(text).expanduser()
