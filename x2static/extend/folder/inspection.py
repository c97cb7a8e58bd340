"""What is known of a language beside a model: sizes, text, training, and whether it fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from x2static.core.errors import ConfigError, TeacherError
from x2static.core.storage.run_record import read_record
from x2static.teacher.added.base_digest import digests_of
from x2static.teacher.added.places import AddedLanguage, added_languages


@dataclass
class ModelFolder:
    """A model with languages beside it.

    Attributes:
        path: its folder.
    """

    path: Path

    @cached_property
    def languages(self) -> Mapping[str, AddedLanguage]:
        """The languages by code.

        Raises:
            ConfigError: none was added.
        """
        if not self.path.is_dir():
            raise ConfigError(f"{self.path}: no such folder")
        found = added_languages(str(self.path))
        if not found:
            raise ConfigError(
                f"{self.path}: no language was added to this model (languages/*.safetensors); add "
                "one with x2static extend"
            )
        return found

    @cached_property
    def base(self) -> tuple[Any, Any]:
        """The masked language model and its tokenizer."""
        from x2static.extend.start_model import load_base

        return load_base(str(self.path))

    @cached_property
    def digests(self) -> dict[str, str]:
        """Of the weights that languages share."""
        return digests_of(self.base[0])

    def check(self, language: AddedLanguage) -> None:
        """Raise `TeacherError` unless a language was added to this very model."""
        language.file.check(self.base[0], self.digests, str(language.path))

    def row(self, language: AddedLanguage) -> dict[str, Any]:
        """What is known of a language."""
        record = read_record(language.tokenizer) or {}
        training = record.get("training") or {}
        chosen = training.get("chosen") or {}
        try:
            self.check(language)
            fault = None
        except TeacherError as error:
            fault = str(error)
        return {
            "language": language.code,
            "megabytes": round(language.path.stat().st_size / 1e6, 2),
            "pieces": language.file.pieces,
            "init": record.get("settings", {}).get("init"),
            "text": {path: about["sha256"] for path, about in record.get("inputs", {}).items()},
            "updates": chosen.get("step"),
            "mlm": (chosen.get("validation") or {}).get("mlm"),
            "made": record.get("started"),
            "fault": fault,
        }
