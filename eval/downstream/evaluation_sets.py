"""Which files test which language, told from their names: ``xquad.de.json``, ``test-af.tsv``."""

from __future__ import annotations

import glob
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from x2static.core.errors import ConfigError, DatasetError
from x2static.core.languages.language import two_letter_codes

_GIVEN = re.compile(r"([a-z]{2,3}(?:[-_][A-Za-z]+)?)=(.+)")
_MLQA = re.compile(r"(.*)context-([a-z]{2,3})-question-([a-z]{2,3})(.*)")


@dataclass(frozen=True)
class EvaluationSet:
    """One row of a result table before its scores.

    Attributes:
        name: what the files of all languages share, such as ``xquad``.
        language: code of the text's language, or None where no name tells it.
        label: what stands in the table; the code, mostly.
        paths: the files; several treebanks of a language are one set.
    """

    name: str
    language: str | None
    label: str
    paths: tuple[Path, ...]

    @property
    def code(self) -> str:
        """What ``--languages`` calls it."""
        return self.language or self.label


def find_sets(
    patterns: Sequence[str], languages: Sequence[str] = (), *, merge: bool = False
) -> list[EvaluationSet]:
    """The test sets behind file names and glob patterns, in the order given.

    Args:
        patterns: ``xquad.*.json``, or ``de=FILE`` where a name does not tell its language.
        languages: keep these alone.
        merge: put all files of a language together, as XTREME does with the treebanks of UD.

    Raises:
        DatasetError: no such file, or none for one of the languages.
        ConfigError: a name with several language codes.
    """
    found: dict[tuple[str, str], EvaluationSet] = {}
    for pattern in patterns:
        given = _GIVEN.fullmatch(pattern)
        code, pattern = (given[1], given[2]) if given else (None, pattern)
        for path in _expand(pattern):
            one = _named(path, code)
            key = ("" if merge else one.name, one.label)
            before = found.get(key)
            if before is None:
                found[key] = one
            elif path not in before.paths:
                if not merge:
                    raise ConfigError(
                        f"{before.paths[0]} and {path} would both be {one.name}, {one.label}; test "
                        "them in two runs"
                    )
                paths = (*before.paths, path)
                found[key] = EvaluationSet(before.name, before.language, before.label, paths)
    sets = list(found.values())
    return [sets[place] for place in selected([one.code for one in sets], languages)]


def selected(there: Sequence[str], languages: Sequence[str]) -> list[int]:
    """Places of the languages wanted among those that are there; all places where none is named.

    Raises:
        DatasetError: one of them is not there.
    """
    missing = [language for language in languages if language not in there]
    if missing:
        raise DatasetError(
            f"--languages {' '.join(missing)}: no test data among the --test files; there are: "
            f"{', '.join(sorted(set(there)))}"
        )
    return [place for place, code in enumerate(there) if not languages or code in languages]


def _expand(pattern: str) -> list[Path]:
    path = Path(pattern).expanduser()
    if path.is_file():
        return [path]
    if path.is_dir():
        raise DatasetError(f"{path}: a folder; give its files, such as '{path}/*'")
    names = sorted(glob.glob(str(path)))  # noqa: PTH207 - patterns may be absolute
    if not names:
        kind = "no file of this pattern" if glob.has_magic(pattern) else "no such file"
        raise DatasetError(f"{pattern}: {kind}; give --test the data sets' files")
    return [Path(name) for name in names if Path(name).is_file()]


def _named(path: Path, code: str | None) -> EvaluationSet:
    """Set name, language and label of a file."""
    stem = path.name.removesuffix(".gz")
    stem = stem.rsplit(".", 1)[0] if "." in stem else stem
    crossed = _MLQA.fullmatch(stem)
    if crossed and code is None:
        head, context, question, tail = crossed.groups()
        label = context if context == question else f"{context}({question})"
        return EvaluationSet(f"{head}context-*{tail}", context, label, (path,))
    if code is not None:
        return EvaluationSet(_without(stem, code), code, code, (path,))
    codes = _codes_in(stem) or _codes_in(path.absolute().parent.name)
    if len(codes) > 1:
        raise ConfigError(
            f"{path}: {' or '.join(codes)}? tell its language, as in --test {codes[0]}={path}"
        )
    if not codes:
        return EvaluationSet(stem, None, stem, (path,))
    return EvaluationSet(_without(stem, codes[0]), codes[0], codes[0], (path,))


def _codes_in(stem: str) -> list[str]:
    known = two_letter_codes() | {"sh"}  # withdrawn, but in the names of older test sets
    return list(dict.fromkeys(part for part in re.split(r"[._-]", stem) if part in known))


def _without(stem: str, code: str) -> str:
    """The stem without its language, so that all languages of a set share it."""
    parts = [part for part in re.split(r"([._-])", stem) if part]
    kept = [part for part in parts if part != code]
    return re.sub(r"([._-])[._-]+", r"\1", "".join(kept)).strip("._-") or stem
