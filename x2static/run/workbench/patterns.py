"""Paths in the file: relative to its folder, with ``{}`` for the language."""

from __future__ import annotations

import glob
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HUB_DATASET = "hf:"
NO_URL = "give a path that every machine sees; only 'store' takes an address"


@dataclass(frozen=True)
class Place:
    """The folder that relative paths start from."""

    folder: Path

    def path(self, text: str, language: str = "") -> Path:
        """An absolute path; ``{}`` becomes the language."""
        return self.folder / Path(text.replace("{}", language) if language else text).expanduser()

    def corpus(self, text: str, language: str) -> str:
        """A path, or the address of a Hugging Face dataset as it is."""
        if text.startswith(HUB_DATASET):
            return text.replace("{}", language)
        return str(self.path(text, language))

    def model(self, text: str) -> str:
        """The folder of that name where there is one, else the text: a name on the hub."""
        path = self.path(text)
        return str(path) if path.is_dir() else text

    def value(self, value: Any, language: str = "") -> Any:
        """A setting with ``{}`` filled in, paths made absolute."""
        if isinstance(value, tuple):
            return tuple(self.value(item, language) for item in value)
        if isinstance(value, Path):
            return self.path(str(value), language)
        if isinstance(value, str) and language:
            return value.replace("{}", language)
        return value

    def source(self, text: str) -> str:
        """``wiki/*.txt`` or ``de=wiki/x.txt`` with its path made absolute."""
        language, separator, pattern = text.partition("=")
        if separator and "/" not in language and not self.path(text).exists():
            return f"{language}={self.path(pattern)}"
        return str(self.path(text))


def files_of(source: str) -> list[str]:
    """The files and folders that ``PATH``, a pattern or ``LANGUAGE=PATH`` stands for."""
    for text in (source, source.partition("=")[2]):
        if text and Path(text).exists():
            return [text]
        if text and glob.has_magic(text) and (found := sorted(glob.glob(text))):  # noqa: PTH207
            return found
    return []


def is_url(text: str) -> bool:
    """True for an address such as ``s3://bucket/run``."""
    return "://" in text


def looks_like_a_path(model: str) -> bool:
    """True for what cannot be a name on the hub, which is NAME or OWNER/NAME."""
    return model.startswith((".", "/", "~")) or model.count("/") > 1 or " " in model


def folder_of(model: str) -> list[str]:
    """The model's folder, or nothing for a name on the hub."""
    return [model] if model and Path(model).is_dir() else []
