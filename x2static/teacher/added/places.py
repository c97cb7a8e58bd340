"""Where added languages lie: ``MODEL/languages/tr.safetensors``, the tokenizer in ``tr/``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from x2static.core.errors import TeacherError
from x2static.core.languages.language import same_language
from x2static.teacher.added.language_file import LanguageFile, read_language

FOLDER = "languages"


@dataclass(frozen=True)
class AddedLanguage:
    """A language beside a model.

    Attributes:
        code: as its file is called.
        path: that file.
    """

    code: str
    path: Path

    @property
    def tokenizer(self) -> Path:
        """The folder of its tokenizer and run record."""
        return self.path.with_name(self.code)

    @cached_property
    def file(self) -> LanguageFile:
        """Its weights.

        Raises:
            TeacherError: it cannot be read, or its tokenizer is gone.
        """
        if not self.tokenizer.is_dir():
            raise TeacherError(
                f"{self.path}: its tokenizer {self.tokenizer} is not there; copy that folder, too"
            )
        return read_language(self.path)


def added_languages(name: str) -> dict[str, AddedLanguage]:
    """The languages beside a model, by code; none for a name of the hub."""
    paths = sorted((Path(name) / FOLDER).glob("*.safetensors"))
    return {path.stem: AddedLanguage(path.stem, path) for path in paths}


def find_added(name: str, language: str | None) -> AddedLanguage | None:
    """The added language that a code means, ``tr`` for ``tur``; None where it was not added."""
    if language is None:
        return None
    known = added_languages(name)
    code = same_language(list(known), language)
    return None if code is None else known[code]
