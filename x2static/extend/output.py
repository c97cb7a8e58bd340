"""The folder that comes out: the base as it was, and languages beside it."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from x2static.teacher.added.places import FOLDER, AddedLanguage
from x2static.teacher.load import load_model, load_tokenizer
from x2static.teacher.loading.hugging_face import quiet
from x2static.teacher.loading.model_folder import save_model
from x2static.teacher.loading.modular import with_shared_module
from x2static.teacher.modules import has_modules

_LEFT_OUT = ("run.json", "curve.jsonl", "README.md")


def copy_base(name: str, folder: Path, *, modular: bool = False) -> None:
    """The files of a model, byte for byte; one of the hub is loaded and saved.

    Args:
        name: of the model.
        folder: where the files go.
        modular: give it a module that changes nothing, if it has none.
    """
    source = Path(name)
    if modular:
        tokenizer = load_tokenizer(name)
        plain = load_model(name, "AutoModelForMaskedLM", tokenizer).model
        if not has_modules(plain):
            save_model(with_shared_module(plain, name), tokenizer, folder)
            return
    if not source.is_dir():
        import transformers

        with quiet(transformers):
            model = transformers.AutoModelForMaskedLM.from_pretrained(name, trust_remote_code=False)
            tokenizer = transformers.AutoTokenizer.from_pretrained(name, trust_remote_code=False)
        save_model(model, tokenizer, folder)
        return
    for path in sorted(source.iterdir()):
        if path.is_file() and path.name not in _LEFT_OUT and not path.name.startswith("."):
            shutil.copyfile(path, folder / path.name)


def copy_languages(languages: Iterable[AddedLanguage], folder: Path) -> None:
    """Languages of another folder, each with its tokenizer and record."""
    (folder / FOLDER).mkdir(exist_ok=True)
    for language in languages:
        shutil.copyfile(language.path, folder / FOLDER / language.path.name)
        shutil.copytree(language.tokenizer, folder / FOLDER / language.code)


def megabytes(path: Path) -> float:
    """Size of a file, or of a model's weights in a folder."""
    files = [path] if path.is_file() else [*path.glob("*.safetensors"), *path.glob("*.bin")]
    return round(sum(file.stat().st_size for file in files) / 1e6, 2)
