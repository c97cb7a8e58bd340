"""Which files hold sentence pairs: keyed texts, two aligned files, or one with tabs.

Every kind becomes the same thing: texts of several languages whose sentences have keys. Lines of
aligned files have their numbers as keys, of so many digits that they are sorted.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from x2static.core.errors import ConfigError, DatasetError
from x2static.core.labels import labels_of
from x2static.core.languages.language import check_code
from x2static.core.text.bitext import join_sorted, read_keyed
from x2static.core.text.text_input import LineReader, decode_lines

Kind = Literal["keyed", "lines", "first", "second"]
_ENDINGS = (".gz", ".xz", ".zst", ".tsv", ".txt")
_EXPLICIT = re.compile(r"([A-Za-z][A-Za-z0-9_]*)-([A-Za-z][A-Za-z0-9_]*)=(.+)")


@dataclass(frozen=True)
class PairText:
    """The sentences of one language in one source.

    Attributes:
        path: the file.
        kind: ``keyed`` lines of key and sentence; ``lines`` of an aligned file; the ``first`` or
            ``second`` text of lines with a tab.
    """

    path: Path
    kind: Kind

    def read(self) -> Iterator[tuple[str, str]]:
        """Yield (key, sentence), a block of the file in memory at a time.

        Raises:
            WorkbenchError: the file cannot be read, or a line is not of its kind; names the line.
        """
        return read_keyed(self.path) if self.kind == "keyed" else self._numbered()

    def _numbered(self) -> Iterator[tuple[str, str]]:
        blank = ""
        for block in LineReader(self.path):
            for number, line in enumerate(decode_lines(block).split("\n"), block.first_line):
                place = f"{block.place}:{number}"
                sentence = self._cut(line, place) if line.strip() else ""
                if sentence and not blank:
                    yield f"{number:012d}", sentence
                elif sentence or line.strip():
                    raise DatasetError(
                        f"{blank or place}: no sentence here; line i of a text must translate line "
                        "i of the other, so take the pair out of both"
                    )
                else:
                    blank = blank or place

    def _cut(self, line: str, place: str) -> str:
        """The sentence of this language in a line, "" where it has none."""
        if self.kind == "lines":
            return line.strip()
        texts = line.split("\t")
        if len(texts) != 2:
            raise DatasetError(
                f"{place}: expected a sentence, a tab and its translation, found "
                f"{len(texts) - 1} tabs"
            )
        return texts[self.kind == "second"].strip()


def join_texts(source: PairText, target: PairText) -> Iterator[tuple[str, str, str]]:
    """Yield (key, sentence, translation) of every key that both texts have."""
    yield from join_sorted(source.read(), target.read())


@dataclass(frozen=True)
class PairSource:
    """Texts of several languages that are joined on their keys.

    Attributes:
        name: what it is called.
        texts: by language, sorted.
    """

    name: str
    texts: dict[str, PairText]


def find_pair_sources(entries: Sequence[str], setting: str) -> list[PairSource]:
    """The sources behind patterns and ``en-de=FILE,FILE``, in the order of their names.

    Args:
        entries: patterns of keyed texts ``SOURCE/LANGUAGE.tsv``; ``en-de=FILE.en,FILE.de`` of two
            aligned files; ``en-de=FILE.tsv`` of lines with a tab.
        setting: what they came from, for messages.

    Raises:
        ConfigError: no such file, a text given twice, or a code that is no language's.
    """
    keyed: dict[str, dict[str, PairText]] = {}
    explicit: list[tuple[str, dict[str, PairText]]] = []
    for entry in entries:
        match = _EXPLICIT.fullmatch(entry)
        if match and not Path(entry).exists():
            found = _explicit(match[1], match[2], match[3], f"{setting} {entry}")
            if found in [texts for _, texts in explicit]:
                raise ConfigError(f"{setting} {entry}: these sentence pairs are given twice")
            explicit.append((str(next(iter(found.values())).path), found))
        else:
            _add_keyed(keyed, entry, setting)
    lonely = [next(iter(texts.values())).path for texts in keyed.values() if len(texts) == 1]
    if lonely and len(lonely) == len(keyed) and not explicit:
        raise ConfigError(
            f"{setting} {lonely[0]}: no other language beside it; give SOURCE/LANGUAGE.tsv of two "
            "languages or more"
        )
    folders, files = list(keyed), [path for path, _ in explicit]
    names = labels_of([*folders, *files])
    texts = [*keyed.values(), *(found for _, found in explicit)]
    named = dict(zip(names, texts, strict=True))
    return [PairSource(name, dict(sorted(named[name].items()))) for name in sorted(named)]


def _explicit(first: str, second: str, value: str, place: str) -> dict[str, PairText]:
    check_code(first, place)
    check_code(second, place)
    if first == second:
        raise ConfigError(f"{place}: two different languages make a pair")
    names = value.split(",")
    paths = [Path(name).expanduser() for name in names]
    for path in paths:
        if not path.exists():
            raise ConfigError(f"{place}: {path}: no such file")
    if len(paths) == 1:
        return {first: PairText(paths[0], "first"), second: PairText(paths[0], "second")}
    if len(paths) > 2 or paths[0] == paths[1]:
        raise ConfigError(f"{place}: give two files, a comma between, or one with tabs")
    return {first: PairText(paths[0], "lines"), second: PairText(paths[1], "lines")}


def _add_keyed(keyed: dict[str, dict[str, PairText]], entry: str, setting: str) -> None:
    pattern = str(Path(entry).expanduser())
    paths = sorted(map(Path, glob.glob(pattern)))  # noqa: PTH207 - it may be absolute
    if not paths:
        raise ConfigError(f"{setting} {entry}: no such file, and no file of this pattern")
    for path in paths:
        language = path.name
        while language.endswith(_ENDINGS):
            language = language.rpartition(".")[0]
        check_code(language, f"{setting} {path}")
        texts = keyed.setdefault(str(path.absolute().parent), {})
        if language in texts:
            raise ConfigError(
                f"{setting} {path}: {texts[language].path} is the same source and language"
            )
        texts[language] = PairText(path, "keyed")
